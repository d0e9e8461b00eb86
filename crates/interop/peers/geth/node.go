package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/ethereum/go-ethereum/log"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/enode"
)

// node is a p2p.Server and the protocol handlers that run in it.
type node struct {
	server *p2p.Server
	echo   bool
	quiet  bool

	mu       sync.Mutex
	sessions map[*session]struct{}
}

// runNode is the mode "node".
func runNode(args []string) error {
	n := &node{sessions: make(map[*session]struct{})}
	config := p2p.Config{
		// UDP would add a second socket and peers that few tests ask for.
		NoDiscovery: true,
		Logger:      log.NewLogger(&logLines{}),
	}
	flags := flag.NewFlagSet("node", flag.ExitOnError)
	key := flags.String("key", "", "secret key, 64 hex digits; new if missing")
	flags.StringVar(&config.ListenAddr, "listen", "127.0.0.1:0", "TCP address, empty for none")
	flags.StringVar(&config.Name, "name", "geth-peer", "client-id in Hello")
	// geth keeps a third of these, at least one, for nodes that it dials itself:
	// with 1 and without --no-dial it refuses everyone who comes.
	flags.IntVar(&config.MaxPeers, "max-peers", 10, "peer slots")
	flags.BoolVar(&config.NoDial, "no-dial", false, "all slots for inbound peers; the command add does nothing then")
	flags.BoolVar(&n.echo, "echo", false, "send every message back")
	flags.BoolVar(&n.quiet, "quiet", false, "tell nothing of messages, of which there will be many")
	flags.Func("protocol", "NAME/VERSION/LENGTH, repeatable", func(text string) error {
		protocol, err := parseProtocol(text)
		protocol.Run = func(peer *p2p.Peer, rw p2p.MsgReadWriter) error {
			return n.handle(protocol, peer, rw)
		}
		config.Protocols = append(config.Protocols, protocol)
		return err
	})
	var bootnodes []*enode.Node
	discovery := flags.Bool("discovery", false, "take part in discovery, on the UDP port of the same number")
	flags.Func("bootnode", "ENODE to begin discovery with, repeatable", nodeFlag(&bootnodes))
	flags.Parse(args)
	config.EnableMsgEvents = !n.quiet

	var err error
	if config.PrivateKey, err = parseKey(*key); err != nil {
		return err
	}
	if *discovery {
		if err := discover(&config, bootnodes); err != nil {
			return err
		}
	}
	n.server = &p2p.Server{Config: config}
	return n.run()
}

// parseProtocol reads NAME/VERSION/LENGTH.
func parseProtocol(text string) (p2p.Protocol, error) {
	slash := strings.LastIndex(text, "/")
	if slash < 0 {
		return p2p.Protocol{}, fmt.Errorf("a protocol is NAME/VERSION/LENGTH, not %q", text)
	}
	capability, err := parseCap(text[:slash])
	if err != nil {
		return p2p.Protocol{}, err
	}
	length, err := strconv.ParseUint(text[slash+1:], 10, 64)
	return p2p.Protocol{Name: capability.Name, Version: capability.Version, Length: length}, err
}

// run starts the server, obeys commands, and stops it.
func (n *node) run() error {
	if err := n.server.Start(); err != nil {
		return err
	}
	events := make(chan *p2p.PeerEvent, 1024)
	subscription := n.server.SubscribeEvents(events)
	defer subscription.Unsubscribe()
	stopped, printed := make(chan struct{}), make(chan struct{})
	go func() {
		printPeerEvents(events, stopped)
		close(printed)
	}()

	emitReady(n.server)
	readCommands(n.command)

	n.server.Stop()
	close(stopped)
	<-printed
	emit("stopped")
	return nil
}

// emitReady tells who a server is.
func emitReady(server *p2p.Server) {
	info := server.NodeInfo()
	emit("ready",
		"enode", info.Enode,
		"publicKey", publicKeyHex(&server.PrivateKey.PublicKey),
		"id", info.ID,
		"name", info.Name,
		"listenAddr", info.ListenAddr)
}

// printPeerEvents prints until the server has stopped and everyone who was added
// was dropped: geth tells of drops a moment after its Stop has returned.
//
// It must never wait for anything but standard output: geth's event feed is
// synchronous, and a subscriber that does not read stalls every peer.
func printPeerEvents(events <-chan *p2p.PeerEvent, stopped <-chan struct{}) {
	for live := 0; stopped != nil || live > 0; {
		select {
		case <-stopped:
			stopped = nil
		case event := <-events:
			switch event.Type {
			case p2p.PeerEventTypeAdd:
				live++
			case p2p.PeerEventTypeDrop:
				live--
			}
			printLine(encode(struct {
				Event string `json:"event"`
				*p2p.PeerEvent
			}{"peer", event}))
		}
	}
}

// command runs one line of standard input.
func (n *node) command(words []string) error {
	verb, arguments := words[0], words[1:]
	switch {
	case verb == "add" && len(arguments) == 1:
		if n.server.NoDial {
			return errors.New("with --no-dial geth ignores add")
		}
		return withNode(arguments[0], n.server.AddPeer)
	case verb == "remove" && len(arguments) == 1:
		// Returns when the peer is gone.
		return withNode(arguments[0], n.server.RemovePeer)
	case verb == "trust" && len(arguments) == 1:
		return withNode(arguments[0], n.server.AddTrustedPeer)
	case verb == "peers" && len(arguments) == 0:
		emit("peers", "peers", n.server.PeersInfo())
		return nil
	case verb == "send" && len(arguments) >= 2:
		return n.send(arguments[0], arguments[1:])
	case verb == "flood" && len(arguments) == 4:
		return n.flood(arguments[0], arguments[1:])
	case verb == "finish" && len(arguments) == 2:
		return n.finish(arguments[0], arguments[1])
	}
	return errors.New("not one of: add ENODE, remove ENODE, trust ENODE, peers, " +
		"send PROTOCOL CODE [PAYLOAD], flood PROTOCOL CODE SIZE COUNT, " +
		"finish PROTOCOL ok|error|invalid, stop")
}

func withNode(url string, do func(*enode.Node)) error {
	remote, err := enode.ParseV4(url)
	if err != nil {
		return err
	}
	do(remote)
	return nil
}

// send sends one message to every peer that runs the protocol.
func (n *node) send(protocol string, words []string) error {
	code, payload, err := parseMessage(words)
	if err != nil {
		return err
	}
	sessions, err := n.running(protocol)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		if err := s.write(code, payload); err != nil {
			return err
		}
	}
	return nil
}

// flood lets every peer that runs the protocol be flooded, and does not wait for
// the end: a line "flooded" tells.
func (n *node) flood(protocol string, words []string) error {
	var numbers [3]uint64
	for i, word := range words {
		var err error
		if numbers[i], err = strconv.ParseUint(word, 10, 24); err != nil {
			return err
		}
	}
	code, size, count := numbers[0], int(numbers[1]), numbers[2]
	if size < 8 {
		return errors.New("the number of a message takes 8 bytes")
	}
	sessions, err := n.running(protocol)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		go s.flood(code, size, count)
	}
	return nil
}

// finish ends the protocol's handler with every peer.
func (n *node) finish(protocol, how string) error {
	if how != "ok" && how != "error" && how != "invalid" {
		return errors.New("finish PROTOCOL ok|error|invalid")
	}
	sessions, err := n.running(protocol)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		select {
		case s.finish <- how:
		default: // it was told already
		}
	}
	return nil
}

// running lists the sessions of a protocol, at least one.
func (n *node) running(protocol string) ([]*session, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var sessions []*session
	for s := range n.sessions {
		if s.protocol.Name == protocol {
			sessions = append(sessions, s)
		}
	}
	if len(sessions) == 0 {
		return nil, fmt.Errorf("no peer runs the protocol %q", protocol)
	}
	return sessions, nil
}

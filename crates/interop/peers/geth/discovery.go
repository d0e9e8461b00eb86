package main

import (
	"errors"
	"flag"
	"fmt"
	"net"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/log"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/enode"
)

// discover makes a node take part in discovery, from these nodes on.
func discover(config *p2p.Config, bootnodes []*enode.Node) error {
	config.NoDiscovery = false
	// Since go-ethereum 1.12.1 it is off unless it is asked for.
	config.DiscoveryV4 = true
	config.BootstrapNodes = bootnodes
	var err error
	config.ListenAddr, err = freeAddr(config.ListenAddr)
	return err
}

// freeAddr replaces port 0 by a port that is free for both TCP and UDP: geth takes
// a TCP port that the system chooses, and fails if the UDP port is not free.
func freeAddr(addr string) (string, error) {
	for range 20 {
		tcp, err := net.Listen("tcp", addr)
		if err != nil {
			return "", err
		}
		udp, err := net.ListenPacket("udp", tcp.Addr().String())
		tcp.Close()
		if err == nil {
			udp.Close()
			return tcp.Addr().String(), nil
		}
	}
	return "", errors.New("no port is free for TCP and UDP")
}

// crowd is many nodes in one process.
type crowd struct {
	servers []*p2p.Server
}

// runCrowd is the mode "crowd".
func runCrowd(args []string) error {
	var bootnodes []*enode.Node
	var protocol p2p.Protocol
	flags := flag.NewFlagSet("crowd", flag.ExitOnError)
	count := flags.Int("count", 10, "number of nodes")
	maxPeers := flags.Int("max-peers", 10, "peer slots of each; a third is for nodes that it finds")
	flags.Func("bootnode", "ENODE to begin discovery with, repeatable", nodeFlag(&bootnodes))
	flags.Func("protocol", "NAME/VERSION/LENGTH", func(text string) (err error) {
		protocol, err = parseProtocol(text)
		return err
	})
	flags.Parse(args)

	var c crowd
	defer c.stop()
	for number := range *count {
		config := p2p.Config{
			Name:       fmt.Sprintf("geth-peer/%d", number),
			ListenAddr: "127.0.0.1:0",
			MaxPeers:   *maxPeers,
			// Many logs at once tell nobody anything.
			Logger: log.NewLogger(log.DiscardHandler()),
		}
		if err := c.start(config, bootnodes, protocol); err != nil {
			return err
		}
	}
	readCommands(c.command)
	return nil
}

// nodeFlag collects enodes.
func nodeFlag(nodes *[]*enode.Node) func(string) error {
	return func(url string) error {
		node, err := enode.ParseV4(url)
		*nodes = append(*nodes, node)
		return err
	}
}

// start starts one more node. Its protocol tells of each peer, and waits for the end.
func (c *crowd) start(config p2p.Config, bootnodes []*enode.Node, protocol p2p.Protocol) (err error) {
	if config.PrivateKey, err = crypto.GenerateKey(); err != nil {
		return err
	}
	if err = discover(&config, bootnodes); err != nil {
		return err
	}
	server := new(p2p.Server)
	protocol.Run = func(peer *p2p.Peer, rw p2p.MsgReadWriter) error {
		emit("connected", "id", server.Self().ID(), "peer", peer.ID(), "inbound", peer.Inbound())
		_, err := rw.ReadMsg()
		return err
	}
	config.Protocols = []p2p.Protocol{protocol}
	server.Config = config
	if err = server.Start(); err != nil {
		return err
	}
	c.servers = append(c.servers, server)
	emitReady(server)
	return nil
}

func (c *crowd) stop() {
	for _, server := range c.servers {
		server.Stop()
	}
}

func (c *crowd) command(words []string) error {
	if words[0] != "find" || len(words) == 1 {
		return errors.New("not one of: find ENODE..., stop")
	}
	var wanted []*enode.Node
	for _, url := range words[1:] {
		if err := nodeFlag(&wanted)(url); err != nil {
			return err
		}
	}
	for _, server := range c.servers {
		go find(server, wanted)
	}
	return nil
}

// find looks for these nodes, of which it uses only the keys, until it has the
// record of each from the node itself. Lines "found" tell of them.
func find(server *p2p.Server, wanted []*enode.Node) {
	missing := make(map[enode.ID]*enode.Node)
	for _, node := range wanted {
		missing[node.ID()] = node
	}
	for len(missing) > 0 {
		var target *enode.Node
		for _, target = range missing {
			break
		}
		var asked []*enode.Node
		for _, node := range server.DiscoveryV4().LookupPubkey(target.Pubkey()) {
			if missing[node.ID()] != nil {
				asked = append(asked, node)
			}
		}
		for _, node := range records(server, asked) {
			if said := missing[node.ID()]; said != nil && said.UDP() == node.UDP() && said.TCP() == node.TCP() {
				emit("found", "id", server.Self().ID(), "node", node.ID())
				delete(missing, node.ID())
			}
		}
	}
}

// records asks all these nodes at once for their records.
func records(server *p2p.Server, nodes []*enode.Node) (answers []*enode.Node) {
	answered := make(chan *enode.Node)
	for _, node := range nodes {
		go func() {
			record, _ := server.DiscoveryV4().RequestENR(node)
			answered <- record
		}()
	}
	for range nodes {
		if record := <-answered; record != nil {
			answers = append(answers, record)
		}
	}
	return answers
}

package main

import (
	"crypto/ecdsa"
	"encoding/hex"
	"errors"
	"flag"
	"net"
	"strings"
	"sync"

	"github.com/ethereum/go-ethereum/p2p/enode"
	"github.com/ethereum/go-ethereum/p2p/rlpx"
)

// message is one message to send: compressed as both Hellos agreed, or as it is.
type message struct {
	code    uint64
	payload []byte
	asIs    bool
}

// probe speaks RLPx and the base protocol by hand, so that it can say what a
// p2p.Server never would, and shows everything that comes back.
type probe struct {
	key      *ecdsa.PrivateKey
	hello    hello
	noHello  bool
	noPong   bool
	deaf     bool
	silent   bool
	messages []message

	mu     sync.Mutex // guards what follows, and makes each message one write
	conn   *rlpx.Conn // the connection being served, after its handshake
	snappy bool       // both Hellos were exchanged and both ends compress
}

// newProbe reads the flags that raw and raw-listen share.
func newProbe(mode string, args []string) (*probe, error) {
	p := &probe{}
	flags := flag.NewFlagSet(mode, flag.ExitOnError)
	key := flags.String("key", "", "secret key, 64 hex digits; new if missing")
	id := flags.String("hello-id", "", "id in Hello, in hex; the true one if missing")
	flags.StringVar(&p.hello.Name, "name", "geth-raw", "client-id in Hello")
	flags.Uint64Var(&p.hello.Version, "version", snappyVersion, "base protocol version in Hello")
	flags.Func("cap", "capability NAME/VERSION in Hello, repeatable", func(text string) error {
		capability, err := parseCap(text)
		p.hello.Caps = append(p.hello.Caps, capability)
		return err
	})
	flags.BoolVar(&p.noHello, "no-hello", false, "send no Hello after the handshake")
	flags.BoolVar(&p.noPong, "no-pong", false, "leave pings unanswered")
	flags.BoolVar(&p.deaf, "deaf", false, "read nothing after the other side's first message")
	flags.BoolVar(&p.silent, "silent", false, "open the connection and never say a word, not even auth or ack")
	queue := func(asIs bool) func(string) error {
		return func(text string) error {
			code, payload, err := parseMessage(strings.SplitN(text, ":", 2))
			p.messages = append(p.messages, message{code, payload, asIs})
			return err
		}
	}
	flags.Func("send", "CODE:PAYLOAD after the Hellos (with --no-hello: at once), repeatable", queue(false))
	flags.Func("send-raw", "like --send, never compressed", queue(true))
	flags.Parse(args)

	var err error
	if p.key, err = parseKey(*key); err != nil {
		return nil, err
	}
	if *id == "" {
		*id = publicKeyHex(&p.key.PublicKey)
	}
	p.hello.ID, err = hex.DecodeString(*id)
	return p, err
}

// runRaw is the mode "raw": the initiator's side of one connection.
func runRaw(args []string) error {
	if len(args) == 0 {
		return errors.New("raw needs an enode URL, flags come after it")
	}
	remote, err := enode.ParseV4(args[0])
	if err != nil {
		return err
	}
	p, err := newProbe("raw", args[1:])
	if err != nil {
		return err
	}
	endpoint, ok := remote.TCPEndpoint()
	if !ok {
		return errors.New("the enode URL has no TCP endpoint")
	}
	conn, err := net.Dial("tcp", endpoint.String())
	if err != nil {
		return err
	}
	emit("ready",
		"publicKey", publicKeyHex(&p.key.PublicKey),
		"id", enode.PubkeyToIDV4(&p.key.PublicKey),
		"local", conn.LocalAddr().String())
	p.untilEnd(func() { p.serve(conn, remote.Pubkey()) })
	return nil
}

// runRawListen is the mode "raw-listen": the recipient's side of one connection
// after the other.
func runRawListen(args []string) error {
	p, err := newProbe("raw-listen", args)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr().(*net.TCPAddr)
	self := enode.NewV4(&p.key.PublicKey, address.IP, address.Port, address.Port)
	emit("ready",
		"enode", self.URLv4(),
		"publicKey", publicKeyHex(&p.key.PublicKey),
		"id", self.ID(),
		"listenAddr", address.String())
	p.untilEnd(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				emit("error", "error", err.Error())
				return
			}
			emit("accepted", "remote", conn.RemoteAddr().String())
			p.serve(conn, nil)
		}
	})
	return nil
}

// untilEnd does work, and obeys commands beside it, until one of both ends. What
// is still open is closed by the end of the program.
func (p *probe) untilEnd(work func()) {
	worked, told := make(chan struct{}), make(chan struct{})
	go func() {
		work()
		close(worked)
	}()
	go func() {
		readCommands(p.command)
		close(told)
	}()
	select {
	case <-worked:
	case <-told:
	}
}

// command runs one line of standard input.
func (p *probe) command(words []string) error {
	if words[0] != "send" && words[0] != "send-raw" {
		return errors.New("not one of: send CODE [PAYLOAD], send-raw CODE [PAYLOAD], stop")
	}
	code, payload, err := parseMessage(words[1:])
	if err != nil {
		return err
	}
	return p.send(message{code, payload, words[0] == "send-raw"})
}

package main

import (
	"crypto/ecdsa"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/enode"
	"github.com/ethereum/go-ethereum/p2p/rlpx"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/golang/snappy"
)

// Message codes of the base protocol.
const (
	helloCode      = 0x00
	disconnectCode = 0x01
	pingCode       = 0x02
	pongCode       = 0x03
)

// snappyVersion is the first version of the base protocol that compresses.
const snappyVersion = 5

// hello is the payload of a Hello message.
type hello struct {
	Version    uint64
	Name       string
	Caps       []p2p.Cap
	ListenPort uint64
	ID         []byte

	Rest []rlp.RawValue `rlp:"tail"`
}

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
	flags.BoolVar(&p.silent, "silent", false, "open the connection and never say a word, not even auth or ack")
	queue := func(asIs bool) func(string) error {
		return func(text string) error {
			code, payload, err := parseMessage(strings.SplitN(text, ":", 2))
			p.messages = append(p.messages, message{code, payload, asIs})
			return err
		}
	}
	flags.Func("send", "CODE:HEXPAYLOAD after the Hellos (with --no-hello: at once), repeatable", queue(false))
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
		return errors.New("not one of: send CODE [HEXPAYLOAD], send-raw CODE [HEXPAYLOAD], stop")
	}
	code, payload, err := parseMessage(words[1:])
	if err != nil {
		return err
	}
	return p.send(message{code, payload, words[0] == "send-raw"})
}

// serve goes through the handshake and then reads to the end of the connection.
// remote is the recipient's key, nil when we are the recipient. There is no time
// limit here: it is the other side's limits that tests want to see.
func (p *probe) serve(conn net.Conn, remote *ecdsa.PublicKey) {
	defer conn.Close()
	if p.silent {
		_, err := io.Copy(io.Discard, conn)
		emit("closed", "error", closeText(err))
		return
	}
	wire := rlpx.NewConn(conn, remote)
	key, err := wire.Handshake(p.key)
	if err != nil {
		emit("handshake failed", "error", err.Error())
		return
	}
	emit("handshake", "publicKey", publicKeyHex(key))
	p.use(wire)
	defer p.use(nil)
	emit("closed", "error", closeText(p.talk(wire)))
}

// use makes wire the connection that messages are sent on.
func (p *probe) use(wire *rlpx.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conn, p.snappy = wire, false
}

// talk sends Hello and the messages it was given, and prints what it reads.
func (p *probe) talk(wire *rlpx.Conn) error {
	waiting := !p.noHello // for their Hello, before our messages go out
	if p.noHello {
		if err := p.sendAll(p.messages); err != nil {
			return err
		}
	} else if err := p.sendHello(); err != nil {
		return err
	}
	for {
		code, wireBytes, _, err := wire.Read()
		if err != nil {
			return err
		}
		payload, compressed := p.uncompress(wireBytes)
		switch code {
		case helloCode:
			their, err := printHello(payload)
			if err != nil || !waiting {
				break
			}
			waiting = false
			p.startSnappy(their)
			if err := p.sendAll(p.messages); err != nil {
				return err
			}
		case disconnectCode:
			printDisconnect(payload, compressed, wireBytes)
		default:
			printMessage(code, payload, compressed)
		}
		if code == pingCode && !p.noPong {
			if err := p.send(message{code: pongCode, payload: rlp.EmptyList}); err != nil {
				return err
			}
		}
	}
}

func (p *probe) sendHello() error {
	payload, err := rlp.EncodeToBytes(&p.hello)
	if err != nil {
		return err
	}
	return p.send(message{code: helloCode, payload: payload})
}

func (p *probe) sendAll(messages []message) error {
	for _, m := range messages {
		if err := p.send(m); err != nil {
			return err
		}
	}
	return nil
}

// send compresses here and not by rlpx.Conn.SetSnappy, which would make it
// impossible to send a message that is not compressed, and to see one.
func (p *probe) send(m message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return errors.New("there is no connection, or its handshake is not over")
	}
	payload := m.payload
	if p.snappy && !m.asIs {
		payload = snappy.Encode(nil, payload)
	}
	_, err := p.conn.Write(m.code, payload)
	return err
}

// startSnappy turns compression on if both Hellos are new enough for it.
func (p *probe) startSnappy(their *hello) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.snappy = min(p.hello.Version, their.Version) >= snappyVersion
}

// uncompress returns the payload, and whether it was compressed. What cannot be
// uncompressed is returned as it came: a Disconnect may be sent before the other
// side has seen our Hello, and EthereumJS never compresses one.
func (p *probe) uncompress(wireBytes []byte) (payload []byte, compressed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.snappy {
		if payload, err := snappy.Decode(nil, wireBytes); err == nil {
			return payload, true
		}
	}
	return wireBytes, false
}

func printHello(payload []byte) (*hello, error) {
	their := new(hello)
	if err := rlp.DecodeBytes(payload, their); err != nil {
		emit("hello", append(payloadPairs(payload), "error", err.Error())...)
		return nil, err
	}
	caps := []string{}
	for _, capability := range their.Caps {
		caps = append(caps, capability.String())
	}
	emit("hello",
		"version", their.Version,
		"name", their.Name,
		"caps", caps,
		"listenPort", their.ListenPort,
		"id", hex.EncodeToString(their.ID),
		"extra", len(their.Rest))
	return their, nil
}

// printDisconnect takes both forms in use, a list of one reason and the bare
// reason. "wire" tells them apart, and a compressed one from a plain one.
func printDisconnect(payload []byte, compressed bool, wireBytes []byte) {
	content, _, err := rlp.SplitList(payload)
	if err != nil {
		content = payload
	}
	reason, _, err := rlp.SplitUint64(content)
	if err != nil || reason > 0xff {
		reason = p2p.DiscInvalid
	}
	emit("disconnect",
		"reason", reason,
		"text", p2p.DiscReason(reason).String(),
		"compressed", compressed,
		"wire", hex.EncodeToString(wireBytes))
}

func printMessage(code uint64, payload []byte, compressed bool) {
	emit("message", append([]any{"code", code, "compressed", compressed}, payloadPairs(payload)...)...)
}

// closeText names the end of a connection; io.Copy reports a clean one as nil.
func closeText(err error) string {
	if err == nil {
		err = io.EOF
	}
	return err.Error()
}

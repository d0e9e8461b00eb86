package main

import (
	"crypto/ecdsa"
	"errors"
	"io"
	"net"

	"github.com/ethereum/go-ethereum/p2p/rlpx"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/golang/snappy"
)

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
			// Before it is printed: who reads that may let us send at once.
			if early := new(hello); waiting && rlp.DecodeBytes(payload, early) == nil {
				p.startSnappy(early)
			}
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
		if p.deaf {
			select {} // to the end of the program
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

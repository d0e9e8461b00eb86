package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/enode"
)

// session is one protocol running with one peer.
type session struct {
	protocol p2p.Protocol
	peer     enode.ID
	rw       p2p.MsgReadWriter
	finish   chan string // how the handler shall end: a word of the command "finish"
}

// handle is the protocol handler. What it returns decides the Disconnect reason
// that geth sends: nil 0x08, an invalid code 0x02, any other error 0x10.
func (n *node) handle(protocol p2p.Protocol, peer *p2p.Peer, rw p2p.MsgReadWriter) error {
	s := &session{protocol: protocol, peer: peer.ID(), rw: rw, finish: make(chan string, 1)}
	n.mu.Lock()
	n.sessions[s] = struct{}{}
	n.mu.Unlock()
	s.emit("started")

	ended := make(chan error, 1)
	go func() { ended <- s.receive(n.echo, n.quiet) }()
	var err error
	select {
	case err = <-ended:
	case how := <-s.finish:
		err = s.end(how)
	}

	n.mu.Lock()
	delete(n.sessions, s)
	n.mu.Unlock()
	s.emit("ended", "error", errorText(err))
	return err
}

// receive prints messages until the connection ends.
func (s *session) receive(echo, quiet bool) error {
	for {
		msg, err := s.rw.ReadMsg()
		if err != nil {
			return err
		}
		payload, err := io.ReadAll(msg.Payload)
		if err != nil {
			return err
		}
		if !quiet {
			s.emit("message", append([]any{"code", msg.Code}, payloadPairs(payload)...)...)
		}
		if !echo {
			continue
		}
		if err := s.write(msg.Code, payload); err != nil {
			return err
		}
	}
}

// flood sends count messages of size bytes as fast as the peer takes them. Each
// begins with its number; the rest does not compress.
func (s *session) flood(code uint64, size int, count uint64) {
	payload := noise(size)
	begin := time.Now()
	for number := range count {
		binary.BigEndian.PutUint64(payload, number)
		if err := s.write(code, payload); err != nil {
			s.emit("flooded", "count", number, "error", err.Error())
			return
		}
	}
	s.emit("flooded", "count", count, "ms", time.Since(begin).Milliseconds())
}

func (s *session) write(code uint64, payload []byte) error {
	return s.rw.WriteMsg(p2p.Msg{
		Code:    code,
		Size:    uint32(len(payload)),
		Payload: bytes.NewReader(payload),
	})
}

// end is what the handler returns after the command "finish".
func (s *session) end(how string) error {
	switch how {
	case "ok":
		return nil
	case "invalid":
		// geth refuses to send this, with the error that means 0x02.
		return p2p.SendItems(s.rw, s.protocol.Length)
	default:
		return errors.New("told to fail")
	}
}

func (s *session) emit(event string, pairs ...any) {
	about := []any{"protocol", s.protocol.Name, "version", s.protocol.Version, "peer", s.peer}
	emit(event, append(about, pairs...)...)
}

func errorText(err error) any {
	if err == nil {
		return nil
	}
	return err.Error()
}

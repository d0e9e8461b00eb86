package main

import (
	"bytes"
	"errors"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
)

// messages times messages from one p2p.Server to another one, from before the
// first is written until the last is read.
func (b benchmark) messages() ([]int64, error) {
	payload := noise(b.size)
	send := func(rw p2p.MsgReadWriter) ([]int64, error) {
		return benchmark{samples: b.samples, count: 1}.timeSteps(func() error {
			for range b.count {
				if err := writeAll(rw, payload); err != nil {
					return err
				}
			}
			return readAll(rw) // the receiver says when it has read them all
		})
	}
	receive := func(rw p2p.MsgReadWriter) error {
		for {
			for range b.count {
				if err := readAll(rw); err != nil {
					return err
				}
			}
			if err := writeAll(rw, nil); err != nil {
				return err
			}
		}
	}
	return betweenServers(send, receive)
}

// roundTrips times messages that are sent back before the next one is written.
func (b benchmark) roundTrips() ([]int64, error) {
	payload := noise(b.size)
	send := func(rw p2p.MsgReadWriter) ([]int64, error) {
		return b.timeSteps(func() error {
			if err := writeAll(rw, payload); err != nil {
				return err
			}
			return readAll(rw)
		})
	}
	receive := func(rw p2p.MsgReadWriter) error {
		for {
			if err := readAll(rw); err != nil {
				return err
			}
			if err := writeAll(rw, payload); err != nil {
				return err
			}
		}
	}
	return betweenServers(send, receive)
}

// betweenServers connects two servers in this process over loopback, and returns
// what send returns.
func betweenServers(
	send func(rw p2p.MsgReadWriter) ([]int64, error),
	receive func(rw p2p.MsgReadWriter) error,
) ([]int64, error) {
	type result struct {
		took []int64
		err  error
	}
	results := make(chan result, 1)
	sender, err := benchServer(2, func(rw p2p.MsgReadWriter) error {
		took, err := send(rw)
		results <- result{took, err}
		return err
	})
	if err != nil {
		return nil, err
	}
	defer sender.Stop()
	receiver, err := benchServer(2, receive)
	if err != nil {
		return nil, err
	}
	defer receiver.Stop()

	sender.AddPeer(receiver.Self())
	select {
	case result := <-results:
		return result.took, result.err
	case <-time.After(benchLimit):
		return nil, errors.New("the two servers were not done in time")
	}
}

// benchCap is what every server of a benchmark speaks.
var benchCap = p2p.Cap{Name: "bench", Version: 1}

// benchServer starts a server whose peers run only this handler.
func benchServer(maxPeers int, handle func(rw p2p.MsgReadWriter) error) (*p2p.Server, error) {
	key, err := crypto.GenerateKey()
	if err != nil {
		return nil, err
	}
	server := &p2p.Server{Config: p2p.Config{
		PrivateKey:  key,
		Name:        "bench",
		MaxPeers:    maxPeers,
		DialRatio:   maxPeers, // dialed peers get one slot, the others the rest
		NoDiscovery: true,
		ListenAddr:  "127.0.0.1:0",
		Protocols: []p2p.Protocol{{
			Name: benchCap.Name, Version: benchCap.Version, Length: 1,
			Run: func(_ *p2p.Peer, rw p2p.MsgReadWriter) error { return handle(rw) },
		}},
	}}
	return server, server.Start()
}

func writeAll(rw p2p.MsgReadWriter, payload []byte) error {
	return rw.WriteMsg(p2p.Msg{Size: uint32(len(payload)), Payload: bytes.NewReader(payload)})
}

func readAll(rw p2p.MsgReadWriter) error {
	msg, err := rw.ReadMsg()
	if err != nil {
		return err
	}
	return msg.Discard()
}

// readToEnd is the handler of a peer that is only there.
func readToEnd(rw p2p.MsgReadWriter) error {
	for {
		if err := readAll(rw); err != nil {
			return err
		}
	}
}

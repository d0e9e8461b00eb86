package main

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/p2p/rlpx"
	"github.com/ethereum/go-ethereum/rlp"
)

// atOnce is how many visitors come at the same time.
const atOnce = 8

// connections times connections to one server: connect, handshake, Hello, drop.
func (b benchmark) connections() ([]int64, error) {
	server, err := benchServer(100, readToEnd)
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	keys, err := newKeys(b.count)
	if err != nil {
		return nil, err
	}
	// The feed waits for who does not read.
	events := make(chan *p2p.PeerEvent, 4*b.count)
	subscription := server.SubscribeEvents(events)
	defer subscription.Unsubscribe()
	return benchmark{samples: b.samples, count: 1}.timeSteps(func() error {
		failed := make(chan error, atOnce)
		for first := range atOnce {
			go func() {
				for n := first; n < len(keys); n += atOnce {
					wire, err := visit(server, keys[n])
					if err != nil {
						failed <- err
						return
					}
					wire.Close()
				}
			}()
		}
		return waitForDrops(events, failed, b.count)
	})
}

func waitForDrops(events <-chan *p2p.PeerEvent, failed <-chan error, count int) error {
	late := time.After(benchLimit)
	for count > 0 {
		select {
		case event := <-events:
			if event.Type == p2p.PeerEventTypeDrop {
				count--
			}
		case err := <-failed:
			return err
		case <-late:
			return fmt.Errorf("%d visitors were not dropped in time", count)
		}
	}
	return nil
}

// fanOut times messages from one server to b.peers visitors at the same time.
func (b benchmark) fanOut() ([]int64, error) {
	payload := noise(b.size)
	// Each handler has its own: from a common one, a fast handler would take twice.
	arrived := make(chan chan<- struct{}, b.peers)
	server, err := benchServer(2*b.peers, func(rw p2p.MsgReadWriter) error {
		begin := make(chan struct{}, 1)
		arrived <- begin
		for range begin {
			for range b.count {
				if err := writeAll(rw, payload); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	defer server.Stop()
	keys, err := newKeys(b.peers)
	if err != nil {
		return nil, err
	}
	var visitors []*rlpx.Conn
	var begins []chan<- struct{}
	for _, key := range keys {
		wire, err := visit(server, key)
		if err != nil {
			return nil, err
		}
		defer wire.Close()
		visitors = append(visitors, wire)
		begin := <-arrived
		defer close(begin)
		begins = append(begins, begin)
	}
	return benchmark{samples: b.samples, count: 1}.timeSteps(func() error {
		for _, begin := range begins {
			begin <- struct{}{}
		}
		read := make(chan error, len(visitors))
		for _, wire := range visitors {
			go func() { read <- readMessages(wire, b.count) }()
		}
		for range visitors {
			if err := <-read; err != nil {
				return err
			}
		}
		return nil
	})
}

// readMessages reads so many messages, not counting the base protocol's.
func readMessages(wire *rlpx.Conn, count int) error {
	for count > 0 {
		code, _, _, err := wire.Read()
		if err != nil {
			return err
		}
		if code > pongCode {
			count--
		}
	}
	return nil
}

// hold is the mode "bench hold": a server that does nothing but hold its peers. The
// command "settle" gives back all the memory that it does not need.
func (b benchmark) hold() error {
	server, err := benchServer(2*b.peers, readToEnd)
	if err != nil {
		return err
	}
	defer server.Stop()
	emit("ready", "enode", server.NodeInfo().Enode, "pid", os.Getpid())
	readCommands(func(words []string) error {
		if words[0] != "settle" {
			return errors.New("not one of: settle, stop")
		}
		debug.FreeOSMemory()
		return nil
	})
	return nil
}

// visit connects to a server without being one: handshake and Hello.
func visit(server *p2p.Server, key *ecdsa.PrivateKey) (*rlpx.Conn, error) {
	conn, err := net.Dial("tcp", server.ListenAddr)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(benchLimit))
	wire := rlpx.NewConn(conn, &server.PrivateKey.PublicKey)
	if _, err := wire.Handshake(key); err != nil {
		conn.Close()
		return nil, err
	}
	ours, err := rlp.EncodeToBytes(&hello{
		Version: snappyVersion,
		Name:    "visitor",
		Caps:    []p2p.Cap{benchCap},
		ID:      crypto.FromECDSAPub(&key.PublicKey)[1:],
	})
	if err == nil {
		_, err = wire.Write(helloCode, ours)
	}
	if err == nil {
		var code uint64
		if code, _, _, err = wire.Read(); err == nil && code != helloCode {
			err = errors.New("the server did not say Hello")
		}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	wire.SetSnappy(true)
	return wire, nil
}

func newKeys(count int) ([]*ecdsa.PrivateKey, error) {
	keys := make([]*ecdsa.PrivateKey, count)
	for n := range keys {
		var err error
		if keys[n], err = crypto.GenerateKey(); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

package main

import (
	"bytes"
	"net"
	"time"

	"crypto/ecdsa"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/crypto/keccak"
	"github.com/ethereum/go-ethereum/p2p/rlpx"
)

// handshakes times whole handshakes, both ends; over TCP with connect and close.
func (b benchmark) handshakes() ([]int64, error) {
	initiator, err := crypto.GenerateKey()
	if err != nil {
		return nil, err
	}
	recipient, err := crypto.GenerateKey()
	if err != nil {
		return nil, err
	}
	connect, err := b.connector()
	if err != nil {
		return nil, err
	}
	return b.timeSteps(func() error {
		near, far, err := connect()
		if err != nil {
			return err
		}
		defer near.Close()
		defer far.Close()
		responded := make(chan error, 1)
		go func() {
			_, err := rlpx.NewConn(far, nil).Handshake(recipient)
			responded <- err
		}()
		if _, err := rlpx.NewConn(near, &recipient.PublicKey).Handshake(initiator); err != nil {
			return err
		}
		return <-responded
	})
}

// connector returns a function that makes the two ends of a connection.
func (b benchmark) connector() (func() (net.Conn, net.Conn, error), error) {
	if !b.loopback {
		return func() (net.Conn, net.Conn, error) {
			near, far := net.Pipe()
			return near, far, nil
		}, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return func() (net.Conn, net.Conn, error) {
		near, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return nil, nil, err
		}
		far, err := listener.Accept()
		return near, far, err
	}, nil
}

// frames times frames that are sealed and opened: in memory one after the other by
// one goroutine, over TCP by two.
func (b benchmark) frames() ([]int64, error) {
	// The message id is one byte of frame-data.
	payload := noise(b.size - 1)
	if !b.loopback {
		wire := new(memory)
		writer, reader := directionOver(wire, wire)
		return b.timeSteps(func() error {
			if _, err := writer.Write(1, payload); err != nil {
				return err
			}
			_, _, _, err := reader.Read()
			return err
		})
	}
	connect, err := b.connector()
	if err != nil {
		return nil, err
	}
	near, far, err := connect()
	if err != nil {
		return nil, err
	}
	defer near.Close()
	defer far.Close()
	near.SetDeadline(time.Now().Add(benchLimit))
	far.SetDeadline(time.Now().Add(benchLimit))
	writer, reader := directionOver(near, far)
	var took []int64
	for range b.samples {
		time.Sleep(benchRest)
		written := make(chan error, 1)
		begin := time.Now()
		go func() {
			for range b.count {
				if _, err := writer.Write(1, payload); err != nil {
					written <- err
					return
				}
			}
			written <- nil
		}()
		for range b.count {
			if _, _, _, err := reader.Read(); err != nil {
				return nil, err
			}
		}
		took = append(took, time.Since(begin).Nanoseconds())
		if err := <-written; err != nil {
			return nil, err
		}
	}
	return took, nil
}

// directionOver returns the two ends of one direction, without a handshake.
func directionOver(near, far net.Conn) (writer, reader *rlpx.Conn) {
	secrets := func() rlpx.Secrets {
		return rlpx.Secrets{
			AES:        bytes.Repeat([]byte{1}, 32),
			MAC:        bytes.Repeat([]byte{2}, 32),
			EgressMAC:  keccak.NewLegacyKeccak256(),
			IngressMAC: keccak.NewLegacyKeccak256(),
		}
	}
	writer, reader = rlpx.NewConn(near, new(ecdsa.PublicKey)), rlpx.NewConn(far, nil)
	writer.InitWithSecrets(secrets())
	reader.InitWithSecrets(secrets())
	return writer, reader
}

// memory is a connection to oneself; it does nothing but read and write.
type memory struct {
	net.Conn
	bytes.Buffer
}

func (m *memory) Read(into []byte) (int, error)  { return m.Buffer.Read(into) }
func (m *memory) Write(from []byte) (int, error) { return m.Buffer.Write(from) }

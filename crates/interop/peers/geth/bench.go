package main

import (
	"bytes"
	"errors"
	"flag"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
)

// runBench is the mode "bench": two p2p.Servers in this process, connected over
// loopback, and messages from one to the other. It prints how long they took,
// from before the first is written until the last is read (or answered).
func runBench(args []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	size := flags.Int("size", 64, "bytes of payload, which do not compress")
	count := flags.Int("count", 10000, "number of messages")
	answers := flags.Bool("answers", false, "send each back, and the next one after that")
	flags.Parse(args)

	payload := noise(*size)
	took := make(chan time.Duration, 1)
	sender, err := benchServer(func(rw p2p.MsgReadWriter) error {
		begin := time.Now()
		for range *count {
			if err := writeAll(rw, payload); err != nil {
				return err
			}
			if *answers {
				if err := readAll(rw); err != nil {
					return err
				}
			}
		}
		if !*answers { // the receiver says when it has read them all
			if err := readAll(rw); err != nil {
				return err
			}
		}
		took <- time.Since(begin)
		return nil
	})
	if err != nil {
		return err
	}
	defer sender.Stop()
	receiver, err := benchServer(func(rw p2p.MsgReadWriter) error {
		for n := 1; ; n++ {
			if err := readAll(rw); err != nil {
				return err
			}
			var err error
			if *answers {
				err = writeAll(rw, payload)
			} else if n == *count {
				err = writeAll(rw, nil)
			}
			if err != nil {
				return err
			}
		}
	})
	if err != nil {
		return err
	}
	defer receiver.Stop()

	sender.AddPeer(receiver.Self())
	select {
	case duration := <-took:
		emit("bench", "ns", duration.Nanoseconds())
		return nil
	case <-time.After(time.Minute):
		return errors.New("not done within a minute")
	}
}

// benchServer starts a server whose peers run only this handler.
func benchServer(handle func(rw p2p.MsgReadWriter) error) (*p2p.Server, error) {
	key, err := crypto.GenerateKey()
	if err != nil {
		return nil, err
	}
	server := &p2p.Server{Config: p2p.Config{
		PrivateKey:  key,
		Name:        "bench",
		MaxPeers:    2,
		NoDiscovery: true,
		ListenAddr:  "127.0.0.1:0",
		Protocols: []p2p.Protocol{{
			Name: "bench", Version: 1, Length: 1,
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

// noise is the same bytes as in our benchmark: they do not compress.
func noise(size int) []byte {
	state := uint64(1)
	bytes := make([]byte, size)
	for i := range bytes {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		bytes[i] = byte(state)
	}
	return bytes
}

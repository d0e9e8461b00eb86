package main

import (
	"encoding/hex"
	"io"

	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/rlp"
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

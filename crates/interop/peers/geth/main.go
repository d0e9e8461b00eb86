// Command geth-peer is the foreign end of a connection in our interoperability
// tests: go-ethereum's own devp2p stack, driven through two pipes.
//
//	geth-peer node [flags]          a whole p2p.Server          (node.go, session.go)
//	geth-peer crowd [flags]         many that find each other   (discovery.go)
//	geth-peer raw ENODE [flags]     one dialed RLPx connection  (raw.go, probe.go, base.go)
//	geth-peer raw-listen [flags]    accepted RLPx connections   (the same)
//	geth-peer rpc URL               a client of JSON-RPC        (rpc_client.go)
//	geth-peer bench CASE [flags]    a benchmark                 (bench.go)
//
// Everything it has to say is one JSON object a line on standard output, each
// with a key "event". Commands come in on standard input, one a line; every one
// is answered by an "ok" or an "error" line. The end of standard input, or the
// command "stop", ends the program, so a test that dies leaves nothing behind.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/p2p"
)

func main() {
	modes := map[string]func(args []string) error{
		"node":       runNode,
		"crowd":      runCrowd,
		"raw":        runRaw,
		"raw-listen": runRawListen,
		"rpc":        runRPC,
		"bench":      runBench,
	}
	if len(os.Args) < 2 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: geth-peer node|crowd|raw|raw-listen|rpc|bench [flags]; see each with --help")
		os.Exit(2)
	}
	if err := modes[os.Args[1]](os.Args[2:]); err != nil {
		emit("error", "error", err.Error())
		os.Exit(1)
	}
}

// stdout keeps lines whole when several goroutines print at once.
var stdout sync.Mutex

// emit prints one line: {"event":event, …} with the given key, value, key, value.
// The keys keep their order, which a map would not do.
func emit(event string, pairs ...any) {
	line := bytes.NewBufferString(`{"event":`)
	line.Write(encode(event))
	for i := 0; i+1 < len(pairs); i += 2 {
		line.WriteByte(',')
		line.Write(encode(pairs[i]))
		line.WriteByte(':')
		line.Write(encode(pairs[i+1]))
	}
	line.WriteByte('}')
	printLine(line.Bytes())
}

func printLine(line []byte) {
	stdout.Lock()
	defer stdout.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		text, _ = json.Marshal(fmt.Sprint(value))
	}
	return text
}

// payloadLimit is the most bytes of a payload that are printed in full.
const payloadLimit = 4096

// payloadPairs describes a payload: its size and its hex, or its hash if it is long.
func payloadPairs(payload []byte) []any {
	if len(payload) > payloadLimit {
		hash := sha256.Sum256(payload)
		return []any{"size", len(payload), "sha256", hex.EncodeToString(hash[:])}
	}
	return []any{"size", len(payload), "payload", hex.EncodeToString(payload)}
}

// readCommands hands the words of each line of standard input to run, and answers
// it. It returns at the end of the input or after "stop".
func readCommands(run func(words []string) error) {
	// A Reader and not a Scanner: a payload may make a line of 32 MiB.
	input := bufio.NewReader(os.Stdin)
	for {
		line, err := input.ReadString('\n')
		if words := strings.Fields(line); len(words) > 0 {
			if words[0] == "stop" {
				emit("ok", "command", "stop")
				return
			}
			if err := run(words); err != nil {
				emit("error", "command", words[0], "error", err.Error())
			} else {
				emit("ok", "command", words[0])
			}
		}
		if err != nil {
			if err != io.EOF {
				emit("error", "error", err.Error())
			}
			return
		}
	}
}

// parseKey reads a secret key of 64 hex digits; none makes a new one.
func parseKey(text string) (*ecdsa.PrivateKey, error) {
	if text == "" {
		return crypto.GenerateKey()
	}
	return crypto.HexToECDSA(text)
}

// publicKeyHex is the 64-byte public key as enode URLs and Hello show it.
func publicKeyHex(key *ecdsa.PublicKey) string {
	// The first byte only says that both coordinates follow.
	return hex.EncodeToString(crypto.FromECDSAPub(key)[1:])
}

// parseCap reads NAME/VERSION.
func parseCap(text string) (p2p.Cap, error) {
	name, version, found := strings.Cut(text, "/")
	number, err := strconv.ParseUint(version, 10, 32)
	if !found || err != nil {
		return p2p.Cap{}, fmt.Errorf("a capability is NAME/VERSION, not %q", text)
	}
	return p2p.Cap{Name: name, Version: uint(number)}, nil
}

// parseMessage reads a code and a payload, which may be missing.
func parseMessage(words []string) (code uint64, payload []byte, err error) {
	if len(words) < 1 || len(words) > 2 {
		return 0, nil, errors.New("a message is CODE and PAYLOAD")
	}
	if code, err = strconv.ParseUint(words[0], 0, 64); err != nil {
		return 0, nil, err
	}
	if len(words) == 2 {
		payload, err = parsePayload(words[1])
	}
	return code, payload, err
}

// parsePayload reads hex digits, zeros:SIZE, or noise:SIZE, which does not compress:
// a payload may be larger than a line should be.
func parsePayload(text string) ([]byte, error) {
	kind, size, found := strings.Cut(text, ":")
	if !found {
		return hex.DecodeString(text)
	}
	length, err := strconv.ParseUint(size, 10, 25)
	switch {
	case err != nil:
		return nil, err
	case kind == "zeros":
		return make([]byte, length), nil
	case kind == "noise":
		return noise(int(length)), nil
	}
	return nil, errors.New("a payload is HEX, zeros:SIZE or noise:SIZE")
}

// logLines prints geth's log, where alone it tells of connections that end before
// the peer was added: a refusal, a failed handshake, a wrong identity.
type logLines struct {
	attrs []slog.Attr
}

func (l *logLines) Enabled(context.Context, slog.Level) bool { return true }

func (l *logLines) WithGroup(string) slog.Handler { return l }

func (l *logLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logLines{append(append([]slog.Attr{}, l.attrs...), attrs...)}
}

func (l *logLines) Handle(_ context.Context, record slog.Record) error {
	attrs := make(map[string]any)
	add := func(attr slog.Attr) bool {
		attrs[attr.Key] = logValue(attr.Value)
		return true
	}
	for _, attr := range l.attrs {
		add(attr)
	}
	record.Attrs(add)
	emit("log", "msg", record.Message, "attrs", attrs)
	return nil
}

// logValue keeps numbers and flags; everything else prints better as its text.
func logValue(value slog.Value) any {
	switch value.Kind() {
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		return value.Any()
	}
	return value.String()
}

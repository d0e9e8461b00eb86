// Command geth-rpc is go-ethereum's own JSON-RPC server in our interoperability
// tests: what has been recorded of it is to be true today.
//
//	geth-rpc table [flags]   the namespace t, on every transport   (table.go)
//	geth-rpc node --ipc PATH a node with its namespace admin       (this file)
//
// It is a module of its own, which also has the command geth: both take much longer
// to compile than what peers/geth needs. A line of JSON tells where it listens. The
// end of standard input, or the line "stop", ends the program.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/p2p"
)

func main() {
	modes := map[string]func(args []string) error{"table": runTable, "node": runNode}
	if len(os.Args) < 2 || modes[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: geth-rpc table|node [flags]; see each with --help")
		os.Exit(2)
	}
	if err := modes[os.Args[1]](os.Args[2:]); err != nil {
		emit("error", map[string]any{"error": err.Error()})
		os.Exit(1)
	}
}

// emit prints one line.
func emit(event string, fields map[string]any) {
	line := map[string]any{"event": event}
	for key, value := range fields {
		line[key] = value
	}
	text, _ := json.Marshal(line)
	os.Stdout.Write(append(text, '\n'))
}

// untilStop waits for the end of standard input, or for "stop".
func untilStop() {
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		if input.Text() == "stop" {
			emit("ok", map[string]any{"command": "stop"})
			return
		}
	}
}

// runNode is the mode "node".
func runNode(args []string) error {
	flags := flag.NewFlagSet("node", flag.ExitOnError)
	ipc := flags.String("ipc", "", "path of the socket")
	flags.Parse(args)
	stack, err := start(node.Config{
		IPCPath: *ipc,
		P2P:     p2p.Config{ListenAddr: "127.0.0.1:0", MaxPeers: 10},
	})
	if err != nil {
		return err
	}
	defer stack.Close()
	emit("ready", map[string]any{"enode": stack.Server().Self().URLv4()})
	untilStop()
	return nil
}

// start starts a node that looks for nobody.
func start(config node.Config) (*node.Node, error) {
	config.P2P.NoDiscovery = true
	stack, err := node.New(&config)
	if err != nil {
		return nil, err
	}
	return stack, stack.Start()
}

package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/ethereum/go-ethereum/rpc"
)

// benchEvent is what an event says: 20 bytes.
const benchEvent = "twenty bytes of text"

// benchAPI is what every server of the benchmark of JSON-RPC has.
type benchAPI struct{}

type benchEchoed struct {
	Text   string `json:"text"`
	Number int64  `json:"number"`
}

// Echo is bench_echo.
func (benchAPI) Echo(text string, number int64) benchEchoed {
	return benchEchoed{text, number}
}

// Stream is the subscription "stream": so many events, as fast as they are taken.
func (benchAPI) Stream(ctx context.Context, count uint32) (*rpc.Subscription, error) {
	notifier, ok := rpc.NotifierFromContext(ctx)
	if !ok {
		return nil, rpc.ErrNotificationsUnsupported
	}
	subscription := notifier.CreateSubscription()
	go func() {
		for range count {
			if notifier.Notify(subscription.ID, benchEvent) != nil {
				return
			}
		}
	}()
	return subscription, nil
}

// rpc is the mode "bench rpc": a server on IPC, HTTP and WebSocket. The command "settle" gives
// back all the memory that it does not need.
func (b benchmark) rpc() error {
	server := rpc.NewServer()
	defer server.Stop()
	if err := server.RegisterName("bench", benchAPI{}); err != nil {
		return err
	}
	directory, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	ipc := filepath.Join(directory, "geth.ipc")
	listener, err := net.Listen("unix", ipc)
	if err != nil {
		return err
	}
	defer listener.Close()
	go server.ServeListener(listener)
	plain, err := benchHTTP(server)
	if err != nil {
		return err
	}
	defer plain.Close()
	socket, err := benchHTTP(server.WebsocketHandler([]string{"*"}))
	if err != nil {
		return err
	}
	defer socket.Close()

	emit("ready", "ipc", ipc, "http", plain.Addr().String(), "ws", socket.Addr().String(),
		"pid", os.Getpid())
	readCommands(func(words []string) error {
		if words[0] != "settle" {
			return errors.New("not one of: settle, stop")
		}
		debug.FreeOSMemory()
		return nil
	})
	return nil
}

func benchHTTP(handler http.Handler) (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		go http.Serve(listener, handler)
	}
	return listener, err
}

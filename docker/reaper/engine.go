package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// keepLabel marks what outlives its harness.
const keepLabel = "cyrdrill.keep"

// between is how long the engine gets between two rounds of removing: a
// network cannot go before the containers on it are quite gone.
const between = 200 * time.Millisecond

// engine is a Docker engine behind its socket. It is asked without a version,
// and so in its own: the few calls here are the same in all.
type engine struct {
	client *http.Client
}

func newEngine(socket string) *engine {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	return &engine{client: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// thing is a container, a network or a volume.
type thing struct {
	ID     string            `json:"Id"`
	Name   string            `json:"Name"` // a volume's identity
	Labels map[string]string `json:"Labels"`
}

// kind is how the engine lists and removes one kind of thing.
type kind struct {
	name, list, remove string
	query              string
}

// kinds holds the order of removing: what is used goes after what uses it.
var kinds = []kind{
	{name: "container", list: "/containers/json?all=1&", remove: "/containers/", query: "?force=1&v=1"},
	{name: "network", list: "/networks?", remove: "/networks/"},
	{name: "volume", list: "/volumes?", remove: "/volumes/", query: "?force=1"},
}

// prune removes what belongs to any filter, round after round until a round
// finds nothing, and says how much that was. The container whose id begins with
// self, and what is kept, stays.
func (e *engine) prune(ctx context.Context, filters []filter, self string) (removed int, err error) {
	for {
		found := 0
		var failed error
		for _, k := range kinds {
			for _, f := range filters {
				n, gone, err := e.round(ctx, k, f, self)
				found += n
				removed += gone
				failed = errors.Join(failed, err)
			}
		}
		if found == 0 && failed == nil {
			return removed, nil
		}
		select {
		case <-ctx.Done():
			return removed, errors.Join(failed, ctx.Err())
		case <-time.After(between):
		}
	}
}

// round removes the things of one kind that belong to one filter.
func (e *engine) round(ctx context.Context, k kind, f filter, self string) (found, removed int, err error) {
	things, err := e.list(ctx, k, f)
	if err != nil {
		return 0, 0, err
	}
	for _, t := range things {
		_, kept := t.Labels[keepLabel]
		if kept || self != "" && strings.HasPrefix(t.ID, self) {
			continue
		}
		found++
		if e := e.remove(ctx, k, t); e != nil {
			err = errors.Join(err, e)
			continue
		}
		removed++
	}
	return found, removed, err
}

func (e *engine) list(ctx context.Context, k kind, f filter) ([]thing, error) {
	filters, err := json.Marshal(map[string][]string{"label": f})
	if err != nil {
		return nil, fmt.Errorf("listing %ss: %w", k.name, err)
	}
	body, err := e.call(ctx, http.MethodGet, k.list+"filters="+url.QueryEscape(string(filters)))
	if err != nil {
		return nil, fmt.Errorf("listing %ss: %w", k.name, err)
	}
	var things []thing
	if k.name == "volume" {
		var answer struct{ Volumes []thing }
		err = json.Unmarshal(body, &answer)
		things = answer.Volumes
	} else {
		err = json.Unmarshal(body, &things)
	}
	if err != nil {
		return nil, fmt.Errorf("listing %ss: %w", k.name, err)
	}
	return things, nil
}

func (e *engine) remove(ctx context.Context, k kind, t thing) error {
	id := t.ID
	if id == "" {
		id = t.Name
	}
	_, err := e.call(ctx, http.MethodDelete, k.remove+url.PathEscape(id)+k.query)
	if err != nil {
		return fmt.Errorf("removing %s %s: %w", k.name, id, err)
	}
	return nil
}

// call makes one request. What is gone already counts as removed.
func (e *engine) call(ctx context.Context, method, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://docker"+path, nil)
	if err != nil {
		return nil, err
	}
	response, err := e.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 400 && response.StatusCode != http.StatusNotFound {
		return nil, fmt.Errorf("the engine says %s: %s", response.Status, strings.TrimSpace(string(body)))
	}
	return body, nil
}

package monitor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// Webhook tells people by a POST of the notice, as JSON.
type Webhook struct {
	address *url.URL
	client  *http.Client
}

// NewWebhook returns one to an address, http or https.
func NewWebhook(address string) (*Webhook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("the webhook has no address like https://example.org/hook") // what was given may hold a secret
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // the next notice may be days away
	return &Webhook{u, &http.Client{
		Transport: transport,
		// Whoever is sent elsewhere would GET there, and nobody would be told.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Name implements [Receiver].
func (*Webhook) Name() string { return "webhook" }

// Tell implements [Receiver]. An error does not have the address, which may hold a secret.
func (w *Webhook) Tell(ctx context.Context, n Notice) error {
	text, err := json.Marshal(n)
	if err != nil {
		return &HopelessError{fmt.Errorf("writing the notice: %w", err)}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.address.String(), bytes.NewReader(text))
	if err != nil {
		return &HopelessError{errors.New("the request cannot be made")}
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "cyrdrill")
	answer, err := w.client.Do(request)
	var where *url.Error
	if errors.As(err, &where) {
		err = where.Err
	}
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	switch status := answer.StatusCode; {
	case status/100 == 2:
		return nil
	case status/100 == 5, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return errors.New("it answers " + answer.Status)
	default:
		return &HopelessError{errors.New("it answers " + answer.Status)}
	}
}

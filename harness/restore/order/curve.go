package order

import (
	"fmt"
	"io"
	"time"
)

// Curve is the share of users that are served over time, as steps.
type Curve struct {
	Points []Point
}

// Point is one step: from At on, Share of the users are served. Weighted counts each
// by its [Account.Weight].
type Point struct {
	At              time.Duration
	Share, Weighted float64
}

// Served is when an account was done.
type Served struct {
	Account Account
	At      time.Duration // since the restore began
}

// CurveOf makes the curve of what was served, in the order of its times.
func CurveOf(served []Served) Curve {
	var weights, sum float64
	for _, s := range served {
		weights += s.Account.Weight()
	}
	c := Curve{Points: []Point{{}}}
	for i, s := range served {
		sum += s.Account.Weight()
		c.Points = append(c.Points, Point{At: s.At, Share: float64(i+1) / float64(len(served)), Weighted: sum / weights})
	}
	return c
}

// Area is the mean share of users served over that time, from 0 to 1, and the same by
// weight.
func (c Curve) Area(within time.Duration) (share, weighted float64) {
	for i, p := range c.Points {
		until := within
		if i+1 < len(c.Points) {
			until = min(within, c.Points[i+1].At)
		}
		if stretch := (until - p.At).Seconds() / within.Seconds(); stretch > 0 {
			share, weighted = share+stretch*p.Share, weighted+stretch*p.Weighted
		}
	}
	return share, weighted
}

// When returns after how long so large a share of users is served.
func (c Curve) When(share float64) time.Duration {
	for _, p := range c.Points {
		if p.Share >= share {
			return p.At
		}
	}
	return 0
}

// WriteCSV writes the curve as lines of "order,seconds,share,weighted".
func (c Curve) WriteCSV(w io.Writer, order string) error {
	for _, p := range c.Points {
		if _, err := fmt.Fprintf(w, "%s,%.3f,%.4f,%.4f\n", order, p.At.Seconds(), p.Share, p.Weighted); err != nil {
			return err
		}
	}
	return nil
}

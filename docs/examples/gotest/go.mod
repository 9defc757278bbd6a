module example.org/mail/gotest

go 1.26.0

require (
	github.com/cyrdrill/cyrdrill v0.0.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/emersion/go-message v0.18.2 // indirect
	github.com/foxcpp/go-sieve v0.0.0-20240130002450-72d6b002882a // indirect
	rsc.io/binaryregexp v0.2.0 // indirect
)

replace github.com/cyrdrill/cyrdrill => ../../..

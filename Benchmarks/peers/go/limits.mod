module peer

go 1.22

require (
	golang.org/x/sync v0.0.0
	golang.org/x/time v0.0.0
)

replace golang.org/x/sync => /usr/share/gocode/src/golang.org/x/sync

replace golang.org/x/time => /usr/share/gocode/src/golang.org/x/time

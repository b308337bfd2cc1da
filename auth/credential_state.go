package auth

import (
	"os"
	"time"
)

// CredentialState is what can be told of a credential without telling any of it, for
// metrics and checks.
type CredentialState struct {
	// TokenUntil is when the access token in place ends; zero without one.
	TokenUntil time.Time
	// Secrets are those that it has, in their order: an API key is one.
	Secrets []SecretState
}

// SecretState is what is known of one secret.
type SecretState struct {
	// InUse is true for the one that worked last.
	InUse bool
	// Written is when its file was last written: JumpCloud does not tell when a secret
	// was made. Zero where it comes from no file, or the file cannot be looked at.
	Written time.Time
}

// StateOf looks at a credential; the zero value for one that tells nothing.
func StateOf(c Credential) CredentialState {
	if s, ok := c.(interface{ state() CredentialState }); ok {
		return s.state()
	}
	return CredentialState{}
}

func (k *apiKey) state() CredentialState {
	return CredentialState{Secrets: []SecretState{{InUse: true, Written: written(k.src)}}}
}

func (a *serviceAccount) state() (out CredentialState) {
	s := a.tokens
	s.mu.Lock()
	now, good := s.now, s.good
	s.mu.Unlock()
	if now != nil {
		out.TokenUntil = now.got.Add(now.life)
	}
	for i, src := range s.secrets {
		out.Secrets = append(out.Secrets, SecretState{InUse: i == good, Written: written(src)})
	}
	return out
}

// written is when the file of a source was last written.
func written(src Source) time.Time {
	s, ok := src.(*source)
	if !ok || s.path == "" {
		return time.Time{}
	}
	info, err := os.Stat(s.path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

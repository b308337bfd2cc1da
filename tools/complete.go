package tools

import "context"

// Complete offers values for an argument of a prompt or a variable of a template.
func (d *Desk) Complete(ctx context.Context, c Completing) (Completion, error) {
	return Completion{}, nil
}

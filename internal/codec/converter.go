package codec

import (
	"context"
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Converters are what a Temporal client needs. Messages and stack traces of failures are encrypted as well; their types,
// which say what may be done next, are not.
func (c *Codec) Converters() (converter.DataConverter, converter.FailureConverter) {
	data := guarded{converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c)}
	return data, temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: data, EncodeCommonAttributes: c.first != ""})
}

// guarded keeps a worker without the right keys from ending runs. The SDK fails a whole run whose input cannot be read;
// a run may hold a day that is open, and giving it up loses its investors. In workflow code a payload that cannot be
// decrypted therefore panics, which fails the workflow task only: Temporal shows why, and tries again until a worker
// with the keys takes it.
type guarded struct{ converter.DataConverter }

var _ workflow.ContextAware = guarded{} // Half of it, and the SDK would not ask.

// WithContext is asked by the SDK for activities and clients, which take an error.
func (g guarded) WithContext(context.Context) converter.DataConverter { return g }

// WithWorkflowContext is asked by the SDK for workflow code.
func (g guarded) WithWorkflowContext(workflow.Context) converter.DataConverter {
	return strict(g)
}

// strict panics with ErrKey.
type strict struct{ converter.DataConverter }

// FromPayload reads one value.
func (s strict) FromPayload(p *commonpb.Payload, into any) error {
	return mustHaveKey(s.DataConverter.FromPayload(p, into))
}

// FromPayloads reads several values.
func (s strict) FromPayloads(p *commonpb.Payloads, into ...any) error {
	return mustHaveKey(s.DataConverter.FromPayloads(p, into...))
}

func mustHaveKey(err error) error {
	if errors.Is(err, ErrKey) {
		panic(err)
	}
	return err
}

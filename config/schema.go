package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/meteora-fee-router/feeops/internal/domain"
)

const durationPattern = `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$|^0$`

// Schema gives the JSON schema of the settings file, for editors and for config schema.
// Options and limits come from the same tags that Validate uses, defaults from Default.
func Schema() ([]byte, error) {
	reflector := jsonschema.Reflector{
		FieldNameTag:               "json",
		RequiredFromJSONSchemaTags: true, // Everything has a default or is explained by Validate.
		ExpandedStruct:             true,
		DoNotReference:             true,
		Anonymous:                  true,
		Mapper:                     mapper,
	}
	schema := reflector.Reflect(Settings{})
	schema.Title = "feeops settings"
	annotate(schema, reflect.ValueOf(Default()))
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("settings schema: encode: %w", err)
	}
	return append(out, '\n'), nil
}

// mapper gives the types of the file to types that hold them differently.
func mapper(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{Type: "string", Pattern: durationPattern, Examples: []any{"500ms", "10s"}}
	case reflect.TypeFor[Secret]():
		return &jsonschema.Schema{Type: "string", Pattern: "^(env|file):.+$"}
	case reflect.TypeFor[URL]():
		return &jsonschema.Schema{Type: "string"}
	case reflect.TypeFor[domain.Amount]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{{Type: "integer", Minimum: "0"}, {Type: "string", Pattern: "^[0-9]+$"}}}
	}
	return nil
}

// annotate adds options, limits and defaults to the sections of a value.
func annotate(schema *jsonschema.Schema, v reflect.Value) {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		name, _, _ := strings.Cut(tag.Get("json"), ",")
		property, ok := schema.Properties.Get(name)
		if !ok {
			continue
		}
		f := v.Field(i)
		constrain(property, tag.Get("validate"), f.Type())
		switch {
		case property.Properties != nil:
			annotate(property, f)
		case property.Items != nil && property.Items.Properties != nil:
			annotate(property.Items, entry(f.Type().Elem()))
		case property.Items != nil:
			constrain(property.Items, after(tag.Get("validate"), "dive,"), f.Type().Elem())
		case !f.IsZero():
			property.Default = plain(f)
		}
	}
}

// entry is what an entry of a list starts from.
func entry(t reflect.Type) reflect.Value {
	switch t {
	case reflect.TypeFor[Vault]():
		return reflect.ValueOf(defaultVault())
	case reflect.TypeFor[Endpoint]():
		return reflect.ValueOf(defaultEndpoint())
	}
	return reflect.Zero(t)
}

func constrain(p *jsonschema.Schema, tags string, t reflect.Type) {
	own, _, _ := strings.Cut(tags, "dive")
	if options, ok := tagValue(own, "oneof"); ok {
		for option := range strings.FieldsSeq(options) {
			p.Enum = append(p.Enum, option)
		}
	}
	for tag := range strings.SplitSeq(own, ",") {
		switch tag {
		case "id":
			p.Pattern = idPattern
		case "pubkey":
			p.Pattern = "^[1-9A-HJ-NP-Za-km-z]{32,44}$"
		case "page_size":
			p.Minimum, p.Maximum = "1", json.Number(fmt.Sprint(domain.MaxPageSize))
		}
	}
	if p.Type != "integer" || t == reflect.TypeFor[domain.Amount]() {
		return
	}
	if low, ok := tagValue(own, "min"); ok {
		p.Minimum = json.Number(low)
	} else if p.Minimum == "" {
		p.Minimum = "0"
	}
	if high, ok := tagValue(own, "max"); ok {
		p.Maximum = json.Number(high)
	}
}

func after(s, marker string) string {
	_, rest, _ := strings.Cut(s, marker)
	return rest
}

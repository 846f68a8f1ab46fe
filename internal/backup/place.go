package backup

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/s3blob" // Opens s3:// addresses.
)

// Place is where archives lie: a directory, or a bucket of an S3-compatible service with an optional path in it.
type Place struct {
	address string
	bucket  *blob.Bucket
}

// Parameters that an s3:// address may have. Credentials are none of them: they come from the environment of AWS's tools.
const (
	paramRegion   = "region"
	paramEndpoint = "endpoint"
	paramStyle    = "use_path_style"
)

// reachTime bounds each short question to a place; archives take as long as they take.
const reachTime = 30 * time.Second

// Open opens a place: file:DIRECTORY, which is made, or s3://BUCKET/PATH?region=…&endpoint=…&use_path_style=true.
// Nothing is asked of a service yet.
func Open(ctx context.Context, address string) (*Place, error) {
	if dir, ok := strings.CutPrefix(address, "file:"); ok && dir != "" {
		return openDirectory(strings.TrimPrefix(dir, "//"))
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.User != nil {
		scheme, _, _ := strings.Cut(address, ":")
		return nil, refuse("%.20q…: %w", scheme, ErrPlace) // The rest may hold a password.
	}
	for name := range u.Query() {
		if !slices.Contains([]string{paramRegion, paramEndpoint, paramStyle}, name) {
			return nil, refuse("s3://%s: %w: it has a parameter %.40q, and knows %s, %s and %s", u.Host, ErrPlace, name, paramRegion, paramEndpoint, paramStyle)
		}
	}
	prefix := strings.Trim(u.Path, "/")
	u.Path = ""
	b, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, refuse("s3://%s: %w: %w", u.Host, ErrPlace, err)
	}
	p := &Place{address: "s3://" + u.Host, bucket: b}
	if prefix != "" {
		p.address, p.bucket = p.address+"/"+prefix, blob.PrefixedBucket(b, prefix+"/")
	}
	return p, nil
}

func openDirectory(dir string) (*Place, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return nil, refuse("backups in %s: %w", dir, fromPlace(err))
	}
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{Metadata: fileblob.MetadataDontWrite, NoTempDir: true, DirFileMode: 0o700})
	if err != nil {
		return nil, refuse("backups in %s: %w", dir, fromPlace(err))
	}
	return &Place{address: "file:" + dir, bucket: b}, nil
}

// S3Address joins settings into an address for Open.
func S3Address(address, region, endpoint string, pathStyle bool) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", refuse("the address of backups: %w", ErrPlace) // It may hold a password.
	}
	if u.Scheme != "s3" {
		return address, nil
	}
	q := u.Query()
	for name, value := range map[string]string{paramRegion: region, paramEndpoint: endpoint} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if pathStyle {
		q.Set(paramStyle, "true")
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// String is the address without parameters.
func (p *Place) String() string { return p.address }

// Close lets go of the place.
func (p *Place) Close() error {
	if err := p.bucket.Close(); err != nil {
		return fmt.Errorf("close %s: %w", p.address, err)
	}
	return nil
}

// key is where an archive lies.
func archiveKey(id string) string { return id + archiveEnd }

func labelKey(id string) string { return id + labelEnd }

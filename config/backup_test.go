package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/config"
)

func TestBackup_AMistakeIsNamedAndNoPlaceNeedsNothing(t *testing.T) {
	const key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	tests := []struct {
		name string
		give config.Backup
		want string
	}{
		{"no place", config.Backup{}, ""},
		{"a directory", config.Backup{Place: config.NewURL("file:backups"), Recipients: []string{key}}, ""},
		{"a bucket", config.Backup{Place: config.NewURL("s3://bucket/feeops"), Recipients: []string{key}}, ""},
		{"nobody could open it", config.Backup{Place: config.NewURL("file:backups")}, "backup.recipients"},
		{"no public key", config.Backup{Place: config.NewURL("file:backups"), Recipients: []string{"AGE-SECRET-KEY-1"}}, "backup.recipients[0]"},
		{"another scheme", config.Backup{Place: config.NewURL("ftp://x"), Recipients: []string{key}}, "backup.place"},
		{"a password in the address", config.Backup{Place: config.NewURL("s3://u:hunter2@bucket"), Recipients: []string{key}}, "backup.place"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := config.Default()
			b := s.Backup
			b.Place, b.Recipients = tt.give.Place, tt.give.Recipients
			s.Backup = b
			err := s.Validate()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
	s := config.Default()
	s.Backup.Place, s.Backup.Recipients, s.Backup.MaxAge = config.NewURL("file:backups"), []string{key}, s.Backup.Every-1
	require.ErrorContains(t, s.Validate(), "backup.max_age")
}

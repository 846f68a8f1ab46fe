#!/bin/sh
# Scans every image that the compose file and the Dockerfile name, with trivy or grype, whichever is installed.
#   deploy/scan.sh                    # all of them
#   deploy/scan.sh feeops:local       # an image of yours
# Exit codes: 0 nothing of HIGH or CRITICAL, 1 something, 3 an image was not assessed. An image that nobody looked at is
# never counted as clean.
set -u
cd "$(dirname "$0")/.." || exit 3

if [ $# -eq 0 ]; then
	set -- $(sed -n 's/^ *image: \([^ #]*\).*$/\1/p' docker-compose.yml | grep -v '^feeops:' | sort -u) \
		$(sed -n 's/^ARG [A-Z]*_IMAGE=\(.*\)$/\1/p' deploy/Dockerfile)
fi

code=0
for image in "$@"; do
	if command -v trivy >/dev/null; then
		trivy image --quiet --severity HIGH,CRITICAL --ignore-unfixed --exit-code 9 "$image"
		result=$? found=9
	elif command -v grype >/dev/null; then
		grype --quiet --only-fixed --fail-on high "$image"
		result=$? found=2
	else
		result=none found=
	fi
	case $result in
	0) echo "$image: nothing of HIGH or CRITICAL that has a fix" ;;
	"$found")
		echo "$image: VULNERABLE"
		code=1
		;;
	none)
		echo "$image: not assessed (neither trivy nor grype is installed)"
		[ $code -eq 1 ] || code=3
		;;
	*)
		echo "$image: not assessed (the scanner ended with $result)"
		[ $code -eq 1 ] || code=3
		;;
	esac
done
exit $code

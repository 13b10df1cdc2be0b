#!/bin/sh
# SPDX-License-Identifier: 0BSD
# Makes configure. Needs autoconf, automake, libtool and pkg-config.
set -eu
cd "$(dirname "$0")"
exec autoreconf --install --force

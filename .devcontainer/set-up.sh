#!/usr/bin/env bash
# What the image lacks: a browser for the tests of pages, Core Tools for `make func`, and the packages of the project.
set -euo pipefail
sudo apt-get update
sudo apt-get install --yes --no-install-recommends chromium
npm install --global azure-functions-core-tools@4
make .venv/dev.stamp node_modules/.stamp

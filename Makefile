# What a person types. Each target is one line of npm; what it needs is installed first.

.PHONY: demo test check emulator bench image clean
export DEMO K8S IMAGE

SETUP := node_modules/.package-lock.json
PORT ?= 0

demo: $(SETUP) ## start everything on this machine and watch nodes, routes and a load balancer come and go; DEMO=once ends by itself
	@npm run -s demo

test: $(SETUP) ## all that CI runs: check, integration, e2e
	@npm test -s

check: $(SETUP) ## format, lint, types, generated files, unit tests
	@npm run -s check

emulator: $(SETUP) ## the local Alibaba Cloud alone; PORT=8080 for a fixed port
	@npm run -s emulator -- --port $(PORT)

bench: $(SETUP) ## the cloud calls, the memory and the start time, measured
	@npm run -s bench -- --json

image: $(SETUP) ## the container image; IMAGE=name:tag
	@npm run -s image

clean: ## what was built; the control plane's cache stays
	@rm -rf dist .cache node_modules

$(SETUP): package-lock.json
	@command -v npm >/dev/null || { echo 'Cannot set up: install Node.js 20 or newer, with npm' >&2; exit 1; }
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' || { echo "Cannot set up: Node.js here is $$(node --version); install Node.js 20 or newer" >&2; exit 1; }
	@echo 'Installing the npm packages' >&2; npm ci --no-progress --loglevel=error && touch $@

# The two commands are `make run` and `make test`; both do all set-up themselves.
BUILD ?= build
ASAN_BUILD ?= build-asan

.PHONY: run test build setup test-asan bench format lint clean
build: setup
	@tools/build $(BUILD)

setup:
	@tools/setup

run: build
	@tools/run-sample $(BUILD) out/sample

test: build
	@tools/run-tests $(BUILD)

test-asan: setup
	@tools/build $(ASAN_BUILD) -Db_sanitize=address,undefined -Dsanitized=true
	@tools/run-tests $(ASAN_BUILD)

bench: build
	@bench/run $(BUILD)

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

lint: build
	@tools/lint $(BUILD)

clean:
	rm -rf $(BUILD) $(ASAN_BUILD)

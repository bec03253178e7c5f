# Every command is one process: `make` starts Python, and Python becomes what was asked for. So a signal to make,
# Ctrl-C or a killed make ends everything. launch/bootstrap.py says what happens first, launch/__main__.py the rest.
PYTHON ?= $(or $(shell command -v python3.11),$(shell command -v python3),python3.11)
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run demo test train score compare check-language live back follow models misses bench bench-year rotate link account lint fmt clean

run test train back follow models rotate lint fmt bench-year:
	@$(PYTHON) -m launch.bootstrap $@

demo:
	@$(PYTHON) -m launch.bootstrap demo $(if $(KEEP),--keep)

score:
	@$(PYTHON) -m launch.bootstrap score "$(FILE)" "$(OUT)" "$(MODEL)" "$(HTML)"

check-language:
	@$(PYTHON) -m launch.bootstrap check-language $(if $(ALL),--all)

compare:
	@$(PYTHON) -m launch.bootstrap compare "$(CANDIDATE)" "$(LIVE)" "$(FILE)" "$(OUT)"

bench:
	@$(PYTHON) -m launch.bootstrap bench "$(DATA)"

live:
	@$(PYTHON) -m launch.bootstrap live "$(MODEL)"

misses:
	@$(PYTHON) -m launch.bootstrap misses "$(DONE)" "$(INTENT)"

link:
	@$(PYTHON) -m launch.bootstrap link "$(REFERENCE)"

account:
	@$(PYTHON) -m launch.bootstrap account "$(EMAIL)" "$(ROLE)"

clean: # what was built; never var/, which holds data, keys and models
	rm -rf .venv .venv-rasa .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/artifacts

help:
	@echo "make run     build what is missing, then start the assistant on http://127.0.0.1:8000/"
	@echo "make demo    watch it: phone beside console, time that jumps, parts that break (KEEP=1: go on with the last one)"
	@echo "make test    everything that CI runs"
	@echo "make train   train and validate a model from nlu/ and stories/"
	@echo "make score FILE=some.yml OUT=report.json   how well the model understands labelled messages, also as a page"
	@echo "make compare CANDIDATE=model.tar.gz        what it does better and worse than the live model"
	@echo "make check-language     what is wrong with examples, rules and answers, with the line to look at"
	@echo "make live    put the trained model live where it is no worse (MODEL=… another one)      make back   go back"
	@echo "make models  which models there are, which is live, and what each process serves with"
	@echo "make follow  let the model follow the files again at each start"
	@echo "make misses  messages that were not understood (DONE=… INTENT=… when one has been dealt with)"
	@echo "make bench   measure this assistant beside stock Rasa (DATA=folder: on public sets too)"
	@echo "make bench-year         a simulated year of the programme (YEAR_REFERRALS=5000): what was lost or doubled in it"
	@echo "make rotate  seal everything stored under the newest of DATA_KEYS"
	@echo "make link REFERENCE=…   a fresh personal link for a referral"
	@echo "make account EMAIL=… ROLE=…   invite somebody to the console: the first manager, or a new password"
	@echo "make lint    formatting, mistakes, types, floors        make fmt   put the formatting right"
	@echo "make clean   remove what was built (not var/)"

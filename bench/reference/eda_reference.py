#!/usr/bin/env python3
"""The command line by which the method in PyTorch (eda.py) meets the engine. It trains the stages of a run folder with the
folder's own settings, from dataset to weights that the engine reads, and goes on from the engine's (docs/reference.md):

    python3 eda_reference.py behavior|critic|weigh|label|align|measure RUNFOLDER

and repeats the steps that `eda verify --against pytorch` wrote down."""

import argparse
import sys

try:
    import torch
except ImportError:
    print("eda_reference: this python3 has no PyTorch; Debian and Ubuntu have it as python3-torch", file=sys.stderr)
    sys.exit(2)

import follow
import stages
from run_folder import RunFolder
from tensor_files import Refusal


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Refusal(message)


def main(words):
    """Exit status 0, 1 where training fails, 2 where the user asked for what is not allowed."""
    try:
        options = parse(words)
        if options.command == "follow":
            follow.main(options.folder)
        else:
            if options.device == "cuda" and not torch.cuda.is_available():
                raise Refusal("--device is 'cuda'; allowed without a GPU that this PyTorch can use is cpu")
            stages.STAGES[options.command](stages.Run(RunFolder(options.folder, getattr(options, "like", None)), torch.device(options.device)))
        return 0
    except Refusal as refusal:
        print(f"eda_reference: {refusal}", file=sys.stderr)
        return 2
    except (ArithmeticError, OSError) as error:
        print(f"eda_reference: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("eda_reference: interrupted; nothing of this stage was written", file=sys.stderr)
        return 130


def parse(words):
    parser = Parser(prog="eda_reference.py", description="The method in PyTorch: a run folder's stages, from dataset to weights.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.required = True
    for name, words_for_it in (("behavior", "pretrain the behavior"), ("critic", "train the critic"), ("weigh", "train on the rows as the critic weighs them"),
                                 ("label", "sample and label candidates"), ("align", "align the policy"),
                                 ("measure", "measure the held-out loss of the behavior that is there, whichever program made it")):
        command = commands.add_parser(name, help=words_for_it)
        command.add_argument("folder", metavar="RUNFOLDER", help="the run folder")
        if name != "measure":
            command.add_argument("--like", metavar="FOLDER", help="make RUNFOLDER with the settings of another run")
        command.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    command = commands.add_parser("follow", help="repeat the steps that `eda verify --against pytorch` wrote down")
    command.add_argument("folder", metavar="FOLDER")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

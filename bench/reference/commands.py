"""The command line of eda_reference.py."""

import argparse
import sys

import torch

import follow
import stages
from refusal import Refusal
from run_folder import RunFolder


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
    for name, words_for_it in (("behavior", "pretrain the behavior"), ("critic", "train the critic"), ("weigh", "train on the rows as the critic weighs them"), ("label", "sample and label candidates"), ("align", "align the policy"),
                                 ("measure", "measure the held-out loss of the behavior that is there, whichever program made it")):
        command = commands.add_parser(name, help=words_for_it)
        command.add_argument("folder", metavar="RUNFOLDER", help="the run folder")
        if name != "measure":
            command.add_argument("--like", metavar="FOLDER", help="make RUNFOLDER with the settings of another run")
        command.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    command = commands.add_parser("follow", help="repeat the steps that `eda verify --against pytorch` wrote down")
    command.add_argument("folder", metavar="FOLDER")
    return parser.parse_args(words)

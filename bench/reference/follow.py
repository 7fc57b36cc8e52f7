"""PyTorch's half of `eda verify --against pytorch`. A folder holds a .safetensors file a stage: the initial weights of its
networks as NETWORK/TENSOR, data and noise of all steps, and constants as metadata. Every stage is repeated in float32
and, to know what rounding alone does, in float64; STAGE.float32.safetensors and STAGE.float64.safetensors hold the losses
of all steps, and how far each network has moved after the steps that are asked for."""

import glob
import os

import numpy as np
import torch

import actor_critic
import contrastive_energy
import eda
import gaussian_policy
import generative
from tensor_files import Refusal, read_tensors, write_tensors


class Problem:
    """A stage's file, in one precision."""

    def __init__(self, path, dtype):
        self.tensors, self.constants = read_tensors(path)
        self.dtype, self.marks = dtype, [int(word) for word in self.constants["marks"].split()]
        self.steps, self.losses, self.moved, self.initial = self.marks[-1], {}, {}, {}

    def number(self, name):
        return float(self.constants[name])

    def __getitem__(self, name):
        return torch.from_numpy(self.tensors[name].astype(np.float64)).to(self.dtype)

    def load(self, name, module, within=""):
        prefix = f"{name}/{within}"
        module.to(self.dtype).load_state_dict({key[len(prefix):]: self[key] for key in self.tensors if key.startswith(prefix)})
        self.initial[name] = flat(module)
        return module

    def bdm(self, name):
        shape = {key: self.tensors[f"{name}/{key}"].shape for key in ("dense2.weight", "dense3.weight", "main.fc.weight")}
        blocks = len({key.split(".")[2] for key in self.tensors if key.startswith(f"{name}/main.blocks.")})
        return self.load(name, eda.Bdm(shape["dense3.weight"][1], shape["dense2.weight"][1], shape["main.fc.weight"][0], blocks))

    def sizes(self):
        width, states = self.tensors["value/v.0.weight"].shape if "value/v.0.weight" in self.tensors else (len(self.tensors["twin/q1.0.weight"]), self.tensors["states"].shape[1])
        return states, self.tensors["actions"].shape[1], width

    def widths(self, name):
        """Those of a perceptron: what it reads, its hidden layers, what it gives."""
        shapes = [self.tensors[key].shape for key in sorted(self.tensors) if key.startswith(name + "/") and key.endswith(".weight")]
        return [shapes[0][1], *(shape[0] for shape in shapes)]

    def batch(self, step):
        i = torch.from_numpy(self.tensors["indices"][step].astype(np.int64))
        return [values[i] for values in self.transitions]

    @property
    def transitions(self):
        if not hasattr(self, "_transitions"):
            self._transitions = [self[name] for name in ("states", "actions", "rewards", "next_states", "terminals")]
        return self._transitions

    def record(self, step, losses, **networks):
        """After a step, 0 for the first."""
        for name, loss in losses.items():
            self.losses.setdefault(name, []).append(loss.item())
        if step + 1 in self.marks:
            for name, module in networks.items():
                self.moved[f"{step + 1}/{name}"] = flat(module) - self.initial[name]

    def results(self):
        return {**{name: np.array(values) for name, values in self.losses.items()}, **{name: values.astype(np.float32) for name, values in self.moved.items()}}


def flat(module):
    return np.concatenate([values.detach().double().numpy().reshape(-1) for values in module.state_dict().values()])


def adam(parameters, problem):
    return torch.optim.Adam(parameters, lr=problem.number("learning_rate"))


def behavior(problem):
    model = problem.bdm("model")
    optimizer, inputs = adam(eda.trained_parameters(model), problem), [problem[name] for name in ("actions", "times", "noise", "states", "mask")]
    for step in range(problem.steps):
        a, t, noise, s, mask = (values[step] for values in inputs)
        loss = eda.denoising_loss(model, a, t, noise, s, problem.number("dropout"), mask)
        eda.gradient_step(optimizer, loss)
        problem.record(step, {"loss": loss}, model=model)


def implicit(problem):
    states, actions, width = problem.sizes()
    value, policy = problem.load("value", eda.Value(states, width)), problem.load("policy", gaussian_policy.Policy(states, actions, width))
    twin, target = (problem.load(name, eda.TwinQ(states, actions, width)) for name in ("twin", "target"))
    target.requires_grad_(False)
    optimizers = [adam(module.parameters(), problem) for module in (value, twin, policy)]
    for step in range(problem.steps):
        batch = problem.batch(step)
        losses = eda.iql_losses(value, twin, target, *batch, problem.number("discount"), problem.number("expectile"))
        eda.iql_update(losses, optimizers[0], optimizers[1], twin, target, problem.number("target_rate"))
        extraction, _ = gaussian_policy.policy_loss(policy, value, target, batch[0], batch[1], problem.number("advantage_scale"), problem.number("weight_cap"))
        optimizers[2].param_groups[0]["lr"] = float(problem.tensors["policy_rates"][step])
        eda.gradient_step(optimizers[2], extraction)
        problem.record(step, {"value_loss": losses[0], "loss": losses[1], "policy_loss": extraction}, value=value, twin=twin, target=target, policy=policy)


def softmax(problem):
    sizes = problem.sizes()
    twin, target = (problem.load(name, eda.TwinQ(*sizes)) for name in ("twin", "target"))
    target.requires_grad_(False)
    optimizer, next_actions = adam(twin.parameters(), problem), problem["next_actions"]
    for step in range(problem.steps):
        loss, _ = eda.sampled_loss(twin, target, *problem.batch(step), next_actions[step], problem.number("discount"), problem.number("inverse_temperature"))
        eda.gradient_step(optimizer, loss)
        eda.soft_update(target, twin, problem.number("target_rate"))
        problem.record(step, {"loss": loss}, twin=twin, target=target)


def sampling(problem):
    model, start = problem.bdm("model"), problem["start"]
    k = len(start) // len(problem.tensors["states"])
    actions = eda.sample(model, start, problem["states"].repeat_interleave(k, 0), int(problem.number("evaluations")))
    problem.moved[f"{problem.steps}/actions"] = actions.detach().double().numpy().reshape(-1)


def alignment(problem):
    frozen, policy = problem.bdm("behavior").requires_grad_(False), problem.bdm("policy")
    optimizer, inputs = adam(eda.trained_parameters(policy), problem), [problem[name] for name in ("candidates", "times", "noise", "states", "labels")]
    for step in range(problem.steps):
        a, t, noise, s, labels = (values[step] for values in inputs)
        gap, temperature = eda.gaps(policy, frozen, a, t, noise, s), problem.number("temperature")
        value = "label_scale" in problem.constants
        loss = eda.value_loss(gap, labels, temperature, problem.number("label_scale")) if value else eda.preference_loss(gap, labels, temperature)
        eda.gradient_step(optimizer, loss)
        problem.record(step, {"loss": loss}, policy=policy)


def vae(problem):
    encoder, decoder = (problem.load(name, generative.perceptron(*problem.widths(name)), name + ".") for name in ("encoder", "decoder"))
    optimizer, points, noise = adam([*encoder.parameters(), *decoder.parameters()], problem), problem["points"], problem["noise"]
    for step in range(problem.steps):
        loss, error, divergence = generative.vae_loss(encoder, decoder, points[step], noise[step], problem.number("divergence_weight"))
        eda.gradient_step(optimizer, loss)
        problem.record(step, {"loss": loss, "squared_error": error, "divergence": divergence}, encoder=encoder, decoder=decoder)


STAGES = {"behavior": behavior, "implicit": implicit, "softmax": softmax, "sampling": sampling, "value": alignment, "preference": alignment,
          "gaussian": gaussian_policy.stage, "gaussian_weighed": gaussian_policy.stage,
          "qgpo": contrastive_energy.stage, "td3_bc": actor_critic.td3_bc, "diffusion_ql": actor_critic.diffusion_ql, "vae": vae}


def main(folder):
    paths = [os.path.join(folder, name + ".safetensors") for name in STAGES]
    paths = [path for path in paths if os.path.exists(path)]
    if not paths:
        raise Refusal(f"FOLDER is '{folder}'; allowed is a folder with the file of a stage, one of {', '.join(STAGES)}")
    if glob.glob(os.path.join(folder, "*.float??.safetensors")):
        raise Refusal(f"{folder} has results already, which are not replaced")
    for path in paths:
        name = os.path.basename(path).split(".")[0]
        for dtype in (torch.float32, torch.float64):
            problem = Problem(path, dtype)
            STAGES[name](problem)
            write_tensors(path.replace(".safetensors", f".{str(dtype).split('.')[1]}.safetensors"), problem.results(), {"pytorch": torch.__version__})

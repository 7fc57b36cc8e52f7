"""The stages of a run on a dataset by eda.py: the run folder's settings, the engine's initial weights and definitions of
what is held out, labelled and measured, PyTorch's own randomness in training."""

import copy
import json
import math

import numpy as np
import torch

import eda
import gaussian_policy
import philox
from offline_data import Transitions
from run_folder import Metrics
from tensor_files import Refusal, fingerprint, read_rows, rows_fingerprint, write_rows
from weights import arrays, flat, initialise, load, part

ROWS_AT_ONCE, DRAWS_PER_PAIR = 4096, 8


class Run:
    """A run folder with its dataset on a device."""

    def __init__(self, folder, device):
        self.folder, self.config, self.seed, self.device = folder, folder.config, folder.seed, device
        dataset = self.config["dataset"]
        if dataset.get("sha256") is None:
            raise Refusal(f"{folder.path} has no dataset's file: the task makes its data itself; allowed is a run on a file")
        self.data = Transitions(dataset["path"], self.config["environment"], dataset["sha256"])
        self.state_size, self.action_size = self.data.states.shape[1], self.data.actions.shape[1]
        torch.manual_seed(self.seed)

    def to_device(self, values):
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)

    def new_bdm(self):
        model = eda.Bdm(self.state_size, self.action_size, self.config["width"], self.config["blocks"])
        return initialise(model, self.seed, philox.BEHAVIOR, philox.INITIALISATION).to(self.device)

    def behavior(self):
        return load(self.new_bdm(), self.folder.require_finished("behavior", "behavior", self.config["behavior"]["steps"]))

    @property
    def weighs(self):
        return self.config["weighted"]["training"]["steps"] > 0

    def base(self):
        """What the policy is aligned from, and candidates are samples of."""
        if not self.weighs or self.config.get("labelsFile") is not None:
            return self.behavior()
        return load(self.new_bdm(), self.folder.require_finished("weigh", "weighted", self.config["weighted"]["training"]["steps"]))

    def rows(self, count, of):
        return torch.randint(of, (count,), device=self.device)

    def times(self, count):
        return eda.random_times(count, self.device)

    @property
    def network(self):
        return f"S={self.state_size} A={self.action_size} H={self.config['width']} blocks={self.config['blocks']}"

    @property
    def critic_network(self):
        return f"S={self.state_size} A={self.action_size} H={self.config['criticWidth']}"


def rate_factor(schedule, step, total):
    """The course of the learning rate: a linear warm up, then constant or half a cosine."""
    warm_up = schedule["warmUpSteps"]
    if step < warm_up:
        return (step + 1) / warm_up
    if schedule["curve"] == "constant" or total <= warm_up:
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm_up) / (total - warm_up))))


class Descent:
    """A diffusion model moved along gradients by Adam on a schedule. `result` is the model, or with averaging the running
    average of its weights."""

    def __init__(self, model, settings):
        self.model, self.settings, self.step = model, settings, 0
        self.adam = torch.optim.Adam(eda.trained_parameters(model), lr=settings["learningRate"])
        self.result = copy.deepcopy(model).requires_grad_(False) if settings["averaging"] > 0 else model

    def advance(self, loss):
        rate = self.settings["learningRate"] * rate_factor(self.settings["schedule"], self.step, self.settings["steps"])
        for group in self.adam.param_groups:
            group["lr"] = rate
        eda.gradient_step(self.adam, loss)
        if self.result is not self.model:
            eda.soft_update(self.result, self.model, max(self.settings["averaging"], 9.0 / (self.step + 9)))
        self.step += 1
        return rate


def train_behavior(run):
    run.folder.refuse_overwriting("behavior.safetensors", "behavior.state.safetensors")
    settings, held_out = run.config["behavior"], run.data.held_out(run.config["heldOut"], run.seed)
    seen = np.setdiff1d(np.arange(len(run.data)), held_out)
    states, actions = run.to_device(run.data.states[seen]), run.to_device(run.data.actions[seen])
    descent, metrics = denoise(run, "behavior", run.new_bdm(), settings, states, actions, lambda count: run.rows(count, len(seen)))
    run.folder.save("behavior.safetensors", arrays(descent.result))
    run.folder.finish("behavior", "behavior", settings["steps"], run.network)
    if len(held_out):
        loss = held_out_loss(descent.result, run, held_out)
        metrics.write([("held_out_loss", loss)])
        print(f"held-out loss {loss:.6g}")


def denoise(run, name, model, settings, states, actions, draw):
    """Eq. 10 on rows that are drawn as `draw` says."""
    descent = Descent(model, settings)
    metrics = Metrics(run.folder, name, settings["steps"], settings["reportEvery"], ["loss", "learning_rate"])
    for _ in range(settings["steps"]):
        i = draw(settings["batch"])
        a = actions[i]
        loss = eda.denoising_loss(descent.model, a, run.times(len(a)), torch.randn_like(a), states[i], settings["dropout"])
        rate = descent.advance(loss)
        metrics.add(loss.item(), rate)
    return descent, metrics


def train_weighted(run):
    """The rows that pretraining saw, each drawn in proportion to its weight."""
    run.folder.refuse_overwriting("weighted.safetensors", "weighted.state.safetensors")
    weighted = run.config["weighted"]
    if not run.weighs:
        raise Refusal(f"weighted.training.steps is 0 in {run.folder.path}; allowed in this stage is a number above 0")
    target = finished_target(run)
    value = load(eda.Value(run.state_size, run.config["criticWidth"]), part(run.folder.require_finished("critic", "critic", run.config["critic"]["steps"]), "vf.")).to(run.device)
    seen = np.setdiff1d(np.arange(len(run.data)), run.data.held_out(run.config["heldOut"], run.seed))
    states, actions = run.to_device(run.data.states[seen]), run.to_device(run.data.actions[seen])
    weights = eda.advantage_weights(value, target, states, actions, weighted["advantageScale"], weighted["weightCap"])
    model = run.behavior() if weighted["start"] == "behavior" else run.new_bdm()
    descent, _ = denoise(run, "weighted", model, weighted["training"], states, actions, lambda count: torch.multinomial(weights, count, replacement=True))
    run.folder.save("weighted.safetensors", arrays(descent.result))
    run.folder.finish("weighted", "weighted", weighted["training"]["steps"], run.network)


def held_out_loss(model, run, pairs):
    """Eq. 10 on pairs that training did not see, dropout off, with eight draws of t and noise each that depend on the
    seed alone: the numbers that the engine measures on."""
    rows, size = len(pairs) * DRAWS_PER_PAIR, run.action_size
    stream = (run.seed, philox.EVALUATION, 0)
    t = (eda.TIME_MIN + (1 - eda.TIME_MIN) * philox.uniform(*stream, philox.DIFFUSION_TIME, 0, rows).astype(np.float64)).astype(np.float32)
    noise = philox.normal(*stream, philox.NOISE, 0, rows * size).reshape(rows, size)
    pairs = np.repeat(pairs, DRAWS_PER_PAIR)
    diffused = eda.diffuse(*(torch.from_numpy(values).double() for values in (run.data.actions[pairs], t, noise))).float().numpy()
    total = 0.0
    for first in range(0, rows, ROWS_AT_ONCE):
        at = slice(first, first + ROWS_AT_ONCE)
        predicted = eda.predicted_noise(model, *(run.to_device(values) for values in (diffused[at], t[at], run.data.states[pairs[at]])))
        total += float(((noise[at].astype(np.float64) - predicted.detach().cpu().numpy()) ** 2).sum())
    return total / rows


def numbers_of(run, states, stage):
    """The numbers that states draw their candidates by, and among how many."""
    return run.data.numbers(run.config["labels"], run.seed) if stage == philox.LABEL else (np.arange(len(states)), len(states))


def sample_rows(run, behavior, path, states, k, stage):
    """K actions of each state from the noise that the engine starts from: those that are there, or new ones."""
    among = numbers_of(run, states, stage)[1]
    evaluations = run.config["labels"]["evaluations"]
    identity = {
        "rows": "candidates", "seed": str(run.seed), "stage": {philox.LABEL: "Label", philox.CRITIC: "Critic"}[stage],
        "states": fingerprint(states), "behavior": fingerprint(flat(behavior)),
        "settings": json.dumps({"candidates": k, "evaluations": evaluations}, separators=(",", ":")),
        **({"drawn": "16 at a time"} if k != philox.BLOCK else {}),
        **({"numbered": f"among {among}"} if among != len(states) else {}),
    }
    return path, identity, evaluations


def read_sampled(run, behavior, name, states, k, stage):
    path, identity, _ = sample_rows(run, behavior, run.folder.checkpoint(name), states, k, stage)
    return read_rows(path, (len(states), k, run.action_size), identity)


def write_sampled(run, behavior, name, states, k, stage):
    path, identity, evaluations = sample_rows(run, behavior, run.folder.checkpoint(name), states, k, stage)
    size, at_once = run.action_size, max(1, ROWS_AT_ONCE // k)
    found = np.empty((len(states), k, size), dtype=np.float32)
    numbers = numbers_of(run, states, stage)[0]
    for first in range(0, len(states), at_once):
        s = states[first:first + at_once]
        start = philox.solver_start(run.seed, stage, numbers[first:first + at_once], k, size).reshape(-1, size)
        actions = eda.sample(behavior, run.to_device(start), run.to_device(np.repeat(s, k, 0)), evaluations)
        found[first:first + len(s)] = actions.detach().cpu().numpy().reshape(-1, k, size)
    if not np.isfinite(found).all():
        raise ArithmeticError("a sampled action is not a number: the behavior model is of no use")
    write_rows(path, found, identity)
    print(f"{name}: {found.shape[0]} x {k} actions", flush=True)
    return found


class CriticTraining:
    """A critic with its data, and a step of its training by whichever method the settings name."""

    def __init__(self, run, next_actions=None, online=None):
        self.run, self.settings, self.next_actions, self.online, self.step_count = run, run.config["critic"], next_actions, online, 0
        width, implicit = run.config["criticWidth"], self.settings["method"] == "implicit"
        sizes = (run.state_size, run.action_size, width)
        self.twin = initialise(eda.TwinQ(*sizes), run.seed, philox.CRITIC, philox.TWIN_INITIALISATION).to(run.device)
        self.target = copy.deepcopy(self.twin).requires_grad_(False)
        self.value = initialise(eda.Value(run.state_size, width), run.seed, philox.CRITIC, philox.VALUE_INITIALISATION).to(run.device) if implicit else None
        policy = implicit and self.settings["implicit"]["policy"] != "none"
        self.policy = initialise(gaussian_policy.Policy(*sizes), run.seed, philox.CRITIC, philox.POLICY_INITIALISATION).to(run.device) if policy else None
        self.adam = {module: torch.optim.Adam(module.parameters(), lr=self.settings["learningRate"]) for module in (self.twin, self.value, self.policy) if module}
        data = run.data
        self.data = [run.to_device(values) for values in (data.states, data.actions, data.treated_rewards(run.config["rewards"]), data.next_states, data.terminals)]
        names = ["loss", "next_value"] + ["value_loss"] * implicit + ["policy_loss"] * (self.policy is not None)
        self.metrics = Metrics(run.folder, "critic", self.settings["steps"], self.settings["reportEvery"], names + ["learning_rate"])

    def advance(self):
        i = self.run.rows(self.settings["batch"], len(self.run.data))
        batch = [values[i] for values in self.data]
        rate = self.settings["learningRate"] * rate_factor(self.settings["schedule"], self.step_count, self.settings["steps"])
        for module in (self.twin, self.value):
            if module:
                self.adam[module].param_groups[0]["lr"] = rate
        measured = self.implicit_step(*batch) if self.value else self.sampled_step(i, *batch)
        self.step_count += 1
        self.metrics.add(*measured, rate)

    def implicit_step(self, s, a, r, s2, done):
        settings = self.settings["implicit"]
        value_loss, twin_loss, next_value = eda.iql_losses(self.value, self.twin, self.target, s, a, r, s2, done, self.settings["discount"], settings["expectile"])
        eda.iql_update((value_loss, twin_loss), self.adam[self.value], self.adam[self.twin], self.twin, self.target, self.settings["targetRate"])
        measured = [twin_loss.item(), next_value.mean().item(), value_loss.item()]
        if self.policy:
            loss, _ = gaussian_policy.policy_loss(self.policy, self.value, self.target, s, a, settings["advantageScale"], settings["weightCap"])
            factor = rate_factor({"curve": "cosine", "warmUpSteps": 0}, self.step_count, self.settings["steps"])
            self.adam[self.policy].param_groups[0]["lr"] = self.settings["learningRate"] * factor
            eda.gradient_step(self.adam[self.policy], loss)
            measured.append(loss.item())
        return measured

    def sampled_step(self, i, s, a, r, s2, done):
        if self.online is None:
            next_actions, alpha = self.run.to_device(self.next_actions[i.cpu().numpy()]), self.settings["softmax"]["inverseTemperature"]
        else:
            next_actions, alpha = eda.sample(self.online(), torch.randn_like(a), s2).detach()[:, None], 1.0
        next_actions = rated(self.run, next_actions)
        loss, next_value = eda.sampled_loss(self.twin, self.target, s, a, r, s2, done, next_actions, self.settings["discount"], alpha)
        eda.gradient_step(self.adam[self.twin], loss)
        eda.soft_update(self.target, self.twin, self.settings["targetRate"])
        return [loss.item(), next_value.mean().item()]

    def save(self):
        tensors = {**arrays(self.twin, "q0."), **arrays(self.target, "q0_target.")}
        if self.value:
            tensors.update(arrays(self.value, "vf."))
        self.run.folder.save("critic.safetensors", tensors, {"state_size": str(self.run.state_size)})
        if self.policy:
            self.run.folder.save("iql.safetensors", arrays(self.policy, "deter_policy."))
        self.run.folder.finish("critic", "critic", self.settings["steps"], self.run.critic_network)


def rated(run, actions):
    """Sampled actions as the critic is to see them: clipped to the action space where the settings say so."""
    return actions.clamp(-1, 1) if run.config["critic"]["clipsActions"] else actions


CRITIC_FILES = ("critic.safetensors", "critic.state.safetensors", "iql.safetensors")


def train_critic(run):
    kind = run.config["critic"]["method"]
    if kind == "online":
        raise Refusal("critic.method is 'online'; allowed in a critic's stage of its own is implicit or softmax, an online critic is trained in align")
    run.folder.refuse_overwriting(*CRITIC_FILES)
    next_actions = None
    if kind == "softmax":
        behavior, k = run.behavior(), run.config["critic"]["softmax"]["candidates"]
        there = run.folder.has("next_actions.npy")
        next_actions = (read_sampled if there else write_sampled)(run, behavior, "next_actions.npy", run.data.next_states, k, philox.CRITIC)
    training = CriticTraining(run, next_actions)
    for _ in range(training.settings["steps"]):
        training.advance()
    training.save()


def label(run):
    run.folder.refuse_overwriting("labels.npy", "labels.npy.json")
    behavior, online = run.base(), run.config["critic"]["method"] == "online"
    target = None if online else finished_target(run)
    states, k = run.data.states[run.data.labelled(run.config["labels"], run.seed)], run.config["alignment"]["candidates"]
    if online:
        run.folder.refuse_overwriting("candidates.npy", "candidates.npy.json")
    there = run.folder.has("candidates.npy")
    candidates = (read_sampled if there else write_sampled)(run, behavior, "candidates.npy", states, k, philox.LABEL)
    if online:
        return
    labels = eda.label_candidates(target, run.to_device(states), rated(run, run.to_device(candidates)), ROWS_AT_ONCE).cpu().numpy()
    write_rows(run.folder.checkpoint("labels.npy"), labels, label_identity(run, states, candidates, target))
    print(f"labels.npy: {labels.shape[0]} x {k} labels of mean {labels.mean():.6g}")


def label_identity(run, states, candidates, target):
    identity = {"rows": "labels", "states": fingerprint(states), "candidates": rows_fingerprint(candidates), "critic": fingerprint(flat(target))}
    return {**identity, "actions": "clipped"} if run.config["critic"]["clipsActions"] else identity


def finished_target(run):
    tensors = run.folder.require_finished("critic", "critic", run.config["critic"]["steps"])
    return load(eda.TwinQ(run.state_size, run.action_size, run.config["criticWidth"]), part(tensors, "q0_target.")).to(run.device).requires_grad_(False)


def align(run):
    run.folder.refuse_overwriting("policy.safetensors", "alignment.state.safetensors")
    settings, online = run.config["alignment"], run.config["critic"]["method"] == "online" and run.config.get("labelsFile") is None
    behavior = run.base().requires_grad_(False)
    descent = Descent(load(run.new_bdm(), arrays(behavior)), settings)
    critic = None
    if run.config.get("labelsFile") is not None:
        states, candidates, labels = user_labels(run, run.config["labelsFile"], settings["objective"])
    else:
        states = run.data.states[run.data.labelled(run.config["labels"], run.seed)]
        if not run.folder.has("candidates.npy"):
            raise Refusal(f"label has not been run in {run.folder.path}; it comes before this stage")
        candidates, labels = read_sampled(run, behavior, "candidates.npy", states, settings["candidates"], philox.LABEL), None
        if online:
            run.folder.refuse_overwriting(*CRITIC_FILES)
            critic = CriticTraining(run, online=lambda: descent.result)
        else:
            identity = label_identity(run, states, candidates, finished_target(run))
            labels = read_rows(run.folder.checkpoint("labels.npy"), candidates.shape[:2], identity)
    metrics = Metrics(run.folder, "alignment", settings["steps"], settings["reportEvery"], ["loss", "learning_rate"])
    for _ in range(settings["steps"]):
        if critic:
            critic.advance()
        i = run.rows(settings["states"], len(states)).cpu().numpy()
        s, a = run.to_device(states[i]), run.to_device(candidates[i])
        q = eda.minimum_q(critic.target, s, rated(run, a)).detach() if critic else run.to_device(labels[i])
        gap = eda.gaps(descent.model, behavior, a, run.times(len(a)), torch.randn_like(a), s)
        if settings["objective"] == "value":
            loss = eda.value_loss(gap, q, settings["temperature"], settings["labelScale"])
        else:
            loss = eda.preference_loss(gap, q, settings["temperature"])
        rate = descent.advance(loss)
        metrics.add(loss.item(), rate)
    if critic:
        critic.save()
    run.folder.save("policy.safetensors", arrays(descent.result))
    run.folder.finish("alignment", "alignment", settings["steps"], run.network)


def user_labels(run, path, objective):
    """Annotations of the user's own: states, candidates, and q or winner."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: np.asarray(file[name], dtype=np.float32) for name in ("states", "candidates", "q", "winner") if name in file.files}
        states, candidates = found["states"], found["candidates"]
        if "q" not in found:
            if objective == "value":
                raise Refusal(f"{path} holds winners and no q, which the value objective needs; allowed with winners are preference and dpo")
            winner = found["winner"].reshape(-1).astype(np.int64)
            found["q"] = (np.arange(candidates.shape[1]) == winner[:, None]).astype(np.float32)
        if states.shape != (len(candidates), run.state_size) or candidates.shape[2] != run.action_size or found["q"].shape != candidates.shape[:2]:
            raise ValueError("sizes")
    except (OSError, ValueError, KeyError, IndexError):
        raise Refusal(f"{path} is not annotations of this run's sizes; allowed is an .npz file of states, candidates, and q or winner") from None
    return states, candidates, found["q"]


def measure(run):
    """The held-out loss of the behavior that is there, whichever program made it."""
    held_out = run.data.held_out(run.config["heldOut"], run.seed)
    if not len(held_out):
        raise Refusal(f"{run.folder.path} keeps no pairs back (heldOut is {run.config['heldOut']}), so there is nothing to measure on")
    print(f"held-out loss {held_out_loss(run.behavior(), run, held_out):.9g}")


STAGES = {"behavior": train_behavior, "critic": train_critic, "weigh": train_weighted, "label": label, "align": align, "measure": measure}

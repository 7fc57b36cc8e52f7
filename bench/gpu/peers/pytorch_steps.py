#!/usr/bin/env python3
"""PyTorch doing the engine's steps, eagerly or compiled: the definitions of bench/reference/eda.py, timed, with data
resident on the device.

    python3 pytorch_steps.py --precision tf32 [--compile] --json pytorch-tf32.json
"""

import timing  # first: it makes bench/reference importable

try:
    import torch
except ImportError:
    timing.leave_out("this machine's python3 has no torch")
import eda


def adam(parameters, rate):
    """Adam at its fastest: one fused kernel where this PyTorch has it."""
    parameters = list(parameters)
    try:
        if parameters[0].is_cuda:
            return torch.optim.Adam(parameters, lr=rate, fused=True)
    except TypeError:
        pass
    return torch.optim.Adam(parameters, lr=rate)


class Workload:
    """Data, models and optimizers on the device, and a function a step."""

    def __init__(self, size, device):
        self.size, self.device = size, device
        new = dict(device=device)
        n, m = size.dataset, size.alignment_set
        self.a, self.s = torch.rand(n, size.actions, **new) * 2 - 1, torch.rand(n, size.states, **new) * 2 - 1
        self.s2, self.r = torch.rand(n, size.states, **new) * 2 - 1, torch.rand(n, **new)
        self.done = (torch.rand(n, **new) < 0.01).float()
        self.candidates = torch.rand(m, size.candidates, size.actions, **new) * 2 - 1
        self.labels = torch.rand(m, size.candidates, **new) * 2 - 1
        shape = (size.states, size.actions, size.width, size.blocks)
        self.behavior, self.policy = eda.Bdm(*shape).to(device), eda.Bdm(*shape).to(device)
        self.policy.load_state_dict(self.behavior.state_dict())
        self.frozen = eda.Bdm(*shape).to(device)
        self.frozen.load_state_dict(self.behavior.state_dict())
        self.frozen.requires_grad_(False)
        self.value = eda.Value(size.states).to(device)
        self.twin, self.target = eda.TwinQ(size.states, size.actions).to(device), eda.TwinQ(size.states, size.actions).to(device)
        self.target.load_state_dict(self.twin.state_dict())
        self.target.requires_grad_(False)
        self.score_times = self.times(size.score_rows)
        self.pretraining_adam = adam(self.behavior.parameters(), eda.PRETRAINING_RATE)
        self.alignment_adam = adam(self.policy.parameters(), eda.ALIGNMENT_RATE)
        self.value_adam = adam(self.value.parameters(), eda.CRITIC_RATE)
        self.twin_adam = adam(self.twin.parameters(), eda.CRITIC_RATE)

    def times(self, count):
        return eda.random_times(count, self.device)

    def rows(self, count, of):
        return torch.randint(of, (count,), device=self.device)

    def pretraining_step(self):
        i = self.rows(self.size.rows, self.size.dataset)
        a = self.a[i]
        self.pretraining_adam.zero_grad(set_to_none=True)
        eda.denoising_loss(self.behavior, a, self.times(len(a)), torch.randn_like(a), self.s[i], eda.DROPOUT).backward()
        self.pretraining_adam.step()

    def alignment_step(self):
        i = self.rows(self.size.alignment_states, self.size.alignment_set)
        a = self.candidates[i]
        self.alignment_adam.zero_grad(set_to_none=True)
        gap = eda.gaps(self.policy, self.frozen, a, self.times(len(a)), torch.randn_like(a), self.s[i])
        eda.value_loss(gap, self.labels[i], eda.TEMPERATURE, eda.LABEL_SCALE).backward()
        self.alignment_adam.step()

    def score(self):
        n = self.size.score_rows
        return eda.predicted_noise(self.frozen, self.a[:n], self.score_times, self.s[:n])

    def sampling(self, states=None):
        """16 candidates for each state, a part at a time."""
        part = self.size.sample_states
        for first in range(0, states or part, part):
            count = min(part, (states or part) - first)
            s = self.s[self.rows(count, self.size.dataset)].repeat_interleave(self.size.candidates, 0)
            eda.sample(self.frozen, torch.randn(len(s), self.size.actions, device=self.device), s)

    def iql_step(self):
        i = self.rows(self.size.critic_rows, self.size.dataset)
        losses = eda.iql_losses(self.value, self.twin, self.target, self.s[i], self.a[i], self.r[i], self.s2[i], self.done[i])
        eda.iql_update(losses, self.value_adam, self.twin_adam, self.twin, self.target)


class CompiledWorkload(Workload):
    """The same steps by torch.compile. Its backward passes cannot be differentiated again, so that gradients are taken by
    torch.func inside what is compiled, and handed to the same Adam."""

    def __init__(self, size, device):
        super().__init__(size, device)
        self.denoising = torch.compile(self.gradients(self.behavior, self.denoising_loss))
        self.aligning = torch.compile(self.gradients(self.policy, self.alignment_loss))
        self.scored = torch.compile(lambda a, t, s: self.functional_score(self.frozen, a, t, s))
        self.critic_losses = torch.compile(eda.iql_losses)

    @staticmethod
    def gradients(model, loss):
        def of(parameters, *inputs):
            return torch.func.grad(lambda moved: loss(lambda *rows: torch.func.functional_call(model, moved, rows), *inputs))(parameters)

        return of

    @staticmethod
    def functional_score(f, a, t, s, rate=0.0):
        slope = torch.func.grad(lambda x: f(x, t, s, rate, None).sum())(a)
        return -eda.alpha_sigma(t)[1][:, None] * slope

    def denoising_loss(self, f, a, t, noise, s):
        return ((noise - self.functional_score(f, eda.diffuse(a, t, noise), t, s, eda.DROPOUT)) ** 2).sum(1).mean()

    def alignment_loss(self, f, a, t, noise, s, labels):
        gap = eda.gaps(lambda at, time, states: f(at, time, states, 0.0, None), self.frozen, a, t, noise, s)
        return eda.value_loss(gap, labels, eda.TEMPERATURE, eda.LABEL_SCALE)

    @staticmethod
    def step(model, optimizer, gradients, inputs):
        found = gradients({name: parameter.detach() for name, parameter in model.named_parameters()}, *inputs)
        for name, parameter in model.named_parameters():
            parameter.grad = found[name]
        optimizer.step()

    def pretraining_step(self):
        i = self.rows(self.size.rows, self.size.dataset)
        a = self.a[i]
        self.step(self.behavior, self.pretraining_adam, self.denoising, (a, self.times(len(a)), torch.randn_like(a), self.s[i]))

    def alignment_step(self):
        i = self.rows(self.size.alignment_states, self.size.alignment_set)
        a = self.candidates[i]
        self.step(self.policy, self.alignment_adam, self.aligning, (a, self.times(len(a)), torch.randn_like(a), self.s[i], self.labels[i]))

    def score(self):
        n = self.size.score_rows
        return self.scored(self.a[:n], self.score_times, self.s[:n])

    def sampling(self, states=None):
        whole, eda.predicted_noise = eda.predicted_noise, lambda model, a, t, s: self.scored(a, t, s)
        try:
            super().sampling(states)
        finally:
            eda.predicted_noise = whole

    def iql_step(self):
        i = self.rows(self.size.critic_rows, self.size.dataset)
        losses = self.critic_losses(self.value, self.twin, self.target, self.s[i], self.a[i], self.r[i], self.s2[i], self.done[i])
        eda.iql_update(losses, self.value_adam, self.twin_adam, self.twin, self.target)


def main():
    options = timing.arguments("PyTorch doing the engine's steps", ["fp32", "tf32"], [("--compile", "by torch.compile, where it can")])
    if options.compile and not hasattr(torch, "func"):
        timing.leave_out(f"PyTorch {torch.__version__} has no torch.compile with torch.func; it came with 2.0")
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = options.precision == "tf32"
    device = torch.device(options.device)
    work = (CompiledWorkload if options.compile else Workload)(timing.Size(options.small), device)
    synchronize = torch.cuda.synchronize if device.type == "cuda" else (lambda: None)

    def repeat(step):
        return lambda count: [step() for _ in range(count)]

    steps, stages = timing.measure(
        options, synchronize,
        {"pretraining_step": (work.pretraining_step, 1), "alignment_step": (work.alignment_step, 1), "score": (work.score, 1),
         "sampling": (work.sampling, 0.05), "iql_step": (work.iql_step, 1)},
        {"behavior": (repeat(work.pretraining_step), options.stage_steps),
         "alignment": (repeat(work.alignment_step), options.stage_steps),
         "candidates": (work.sampling, options.stage_states)})
    if options.json:
        fused = bool(work.pretraining_adam.defaults.get("fused"))
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
        mode = "compiled" if options.compile else "eager"
        timing.save(options.json, "pytorch", torch.__version__, f"{mode}, fused Adam" if fused else mode, name, options.precision, steps, stages)


if __name__ == "__main__":
    main()

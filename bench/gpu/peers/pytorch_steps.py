#!/usr/bin/env python3
"""PyTorch doing the engine's steps in eager mode, as one would write them: modules, autograd (twice, for the score's
gradient), torch.optim.Adam, data resident on the device. `check_golden.py` holds its numbers to the golden vectors.

    python3 pytorch_steps.py --precision tf32 --json pytorch-tf32.json
"""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import method


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer_norm = nn.LayerNorm(width, eps=method.NORM_EPSILON)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x, rate, mask):
        """mask [n, H] is 1 where a feature is kept; None to draw it at the rate."""
        y = F.dropout(x, rate, rate > 0) if mask is None else x * mask / (1 - rate)
        return x + self.fc2(F.silu(self.fc1(self.layer_norm(y))))


class Main(nn.Module):
    def __init__(self, width, blocks, actions):
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))
        self.out_fc = nn.Linear(width, actions)


class Frequencies(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("W", 30 * torch.randn(method.TIME_FEATURES // 2))

    def forward(self, t):
        phase = 2 * math.pi * t[:, None] * self.W
        return torch.cat([torch.sin(phase), torch.cos(phase)], 1)


class Bdm(nn.Module):
    """The bottleneck diffusion model, under the published names."""

    def __init__(self, states, actions, width, blocks):
        super().__init__()
        e = method.TIME_FEATURES
        self.has_states = states > 0
        self.embed = nn.ModuleList([Frequencies()])
        self.cond_model = nn.ModuleList([nn.Linear(e, e)]) if states else nn.Linear(e, e)
        self.dense1 = nn.Linear(e, width // 8)
        self.dense2 = nn.Linear(actions, width // 2 if states else 7 * width // 8)
        if states:
            self.dense3 = nn.Linear(states, 3 * width // 8)
        self.main = Main(width, blocks, actions)

    def forward(self, a, t, s=None, rate=0.0, mask=None):
        """f(a|s,t) [n]; mask [n, blocks, H]."""
        condition = self.cond_model[0] if self.has_states else self.cond_model
        u = [self.dense2(a), self.dense1(F.silu(condition(self.embed[0](t))))]
        if self.has_states:
            u.append(self.dense3(s))
        x = self.main.fc(torch.cat(u, 1))
        for l, block in enumerate(self.main.blocks):
            x = block(x, rate, None if mask is None else mask[:, l])
        return self.main.out_fc(F.silu(x)).sum(1)


def alpha_sigma(t):
    log_alpha = -0.25 * t**2 * (method.BETA_MAX - method.BETA_MIN) - 0.5 * t * method.BETA_MIN
    return torch.exp(log_alpha), torch.sqrt(-torch.expm1(2 * log_alpha))


def diffuse(a, t, noise):
    alpha, sigma = alpha_sigma(t)
    return alpha[:, None] * a + sigma[:, None] * noise


def score(model, a, t, s=None, rate=0.0, mask=None, create_graph=False):
    """The predicted noise, -sigma times the gradient of f (Eq. 9)."""
    a = a.detach().requires_grad_(True)
    slope, = torch.autograd.grad(model(a, t, s, rate, mask).sum(), a, create_graph=create_graph)
    return -alpha_sigma(t)[1][:, None] * slope


def denoising_loss(model, a, t, noise, s=None, rate=0.0, mask=None):
    """Eq. 10, for a gradient with respect to the parameters."""
    predicted = score(model, diffuse(a, t, noise), t, s, rate, mask, create_graph=True)
    return ((noise - predicted) ** 2).sum(1).mean()


def gaps(policy, behavior, a, t, noise, s=None):
    """f_theta - f_phi [b, K]; a, noise [b, K, A], t [b], s [b, S]; phi is frozen."""
    b, k, size = a.shape
    t = t.repeat_interleave(k)
    s = None if s is None else s.repeat_interleave(k, 0)
    at = diffuse(a.reshape(b * k, size), t, noise.reshape(b * k, size))
    with torch.no_grad():
        frozen = behavior(at, t, s)
    return (policy(at, t, s) - frozen).reshape(b, k)


def value_loss(gap, labels, temperature, scale):
    """Eq. 14."""
    return -(F.softmax(scale * labels, 1) * F.log_softmax(temperature * gap, 1)).sum(1).mean()


def sample(model, start, s=None, evaluations=15):
    """DPM-Solver++ from start [n, A] with s [n, S]."""
    x = anchor = start
    before = torch.zeros_like(start)
    for time, alpha, sigma, w_anchor, w0, w1, moves in method.solver_table(evaluations):
        t = torch.full((x.shape[0],), time, device=x.device, dtype=x.dtype)
        data = (x - sigma * score(model, x, t, s)) / alpha
        x = w_anchor * anchor + w0 * data + w1 * before
        before = data
        if moves:
            anchor = x
    return x


def mlp(inputs, width=method.CRITIC_WIDTH):
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))


class TwinQ(nn.Module):
    def __init__(self, states, actions, width=method.CRITIC_WIDTH):
        super().__init__()
        self.q1, self.q2 = mlp(states + actions, width), mlp(states + actions, width)

    def forward(self, s, a):
        x = torch.cat([a, s], 1)
        return self.q1(x)[:, 0], self.q2(x)[:, 0]


def iql_losses(value, twin, target, s, a, r, s2, done, discount=method.DISCOUNT, expectile=method.EXPECTILE):
    """Both losses of a step, with V(s') and the target Q taken before V moves."""
    with torch.no_grad():
        q = torch.min(*target(s, a))
        backup = r + discount * (1 - done) * value(s2)[:, 0]
    advantage = q - value(s)[:, 0]
    value_part = (torch.where(advantage < 0, 1 - expectile, expectile) * advantage**2).mean()
    q1, q2 = twin(s, a)
    return value_part, (F.mse_loss(q1, backup) + F.mse_loss(q2, backup)) / 2


def iql_update(losses, value_adam, twin_adam, twin, target, rate=method.TARGET_RATE):
    for loss, optimizer in zip(losses, (value_adam, twin_adam)):
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), twin.parameters()):
            slow.lerp_(fast, rate)


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
        self.behavior, self.policy = Bdm(*shape).to(device), Bdm(*shape).to(device)
        self.policy.load_state_dict(self.behavior.state_dict())
        self.frozen = Bdm(*shape).to(device)
        self.frozen.load_state_dict(self.behavior.state_dict())
        self.frozen.requires_grad_(False)
        self.value = mlp(size.states).to(device)
        self.twin, self.target = TwinQ(size.states, size.actions).to(device), TwinQ(size.states, size.actions).to(device)
        self.target.load_state_dict(self.twin.state_dict())
        self.target.requires_grad_(False)
        self.pretraining_adam = adam(self.behavior.parameters(), method.PRETRAINING_RATE)
        self.alignment_adam = adam(self.policy.parameters(), method.ALIGNMENT_RATE)
        self.value_adam = adam(self.value.parameters(), method.CRITIC_RATE)
        self.twin_adam = adam(self.twin.parameters(), method.CRITIC_RATE)

    def times(self, count):
        return method.TIME_MIN + (1 - method.TIME_MIN) * torch.rand(count, device=self.device)

    def rows(self, count, of):
        return torch.randint(of, (count,), device=self.device)

    def pretraining_step(self):
        i = self.rows(self.size.rows, self.size.dataset)
        a = self.a[i]
        self.pretraining_adam.zero_grad(set_to_none=True)
        denoising_loss(self.behavior, a, self.times(len(a)), torch.randn_like(a), self.s[i], method.DROPOUT).backward()
        self.pretraining_adam.step()

    def alignment_step(self):
        i = self.rows(self.size.alignment_states, self.size.alignment_set)
        a = self.candidates[i]
        self.alignment_adam.zero_grad(set_to_none=True)
        gap = gaps(self.policy, self.frozen, a, self.times(len(a)), torch.randn_like(a), self.s[i])
        value_loss(gap, self.labels[i], method.TEMPERATURE, method.LABEL_SCALE).backward()
        self.alignment_adam.step()

    def score(self):
        n = self.size.score_rows
        if not hasattr(self, "score_times"):
            self.score_times = self.times(n)
        return score(self.frozen, self.a[:n], self.score_times, self.s[:n])

    def sampling(self, states=None):
        """16 candidates for each state, a part at a time."""
        part = self.size.sample_states
        for first in range(0, states or part, part):
            count = min(part, (states or part) - first)
            s = self.s[self.rows(count, self.size.dataset)].repeat_interleave(self.size.candidates, 0)
            sample(self.frozen, torch.randn(len(s), self.size.actions, device=self.device), s)

    def iql_step(self):
        i = self.rows(self.size.critic_rows, self.size.dataset)
        losses = iql_losses(self.value, self.twin, self.target, self.s[i], self.a[i], self.r[i], self.s2[i], self.done[i])
        iql_update(losses, self.value_adam, self.twin_adam, self.twin, self.target)


def main():
    options = method.arguments("PyTorch eager doing the engine's steps", ["fp32", "tf32"])
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = options.precision == "tf32"
    device = torch.device(options.device)
    work = Workload(method.Size(options.small), device)
    synchronize = torch.cuda.synchronize if device.type == "cuda" else (lambda: None)

    def repeat(step):
        return lambda count: [step() for _ in range(count)]

    steps, stages = method.measure(
        options, synchronize,
        {"pretraining_step": (work.pretraining_step, 1), "alignment_step": (work.alignment_step, 1), "score": (work.score, 1),
         "sampling": (work.sampling, 0.05), "iql_step": (work.iql_step, 1)},
        {"behavior": (repeat(work.pretraining_step), options.stage_steps),
         "alignment": (repeat(work.alignment_step), options.stage_steps),
         "candidates": (work.sampling, options.stage_states)})
    if options.json:
        fused = bool(work.pretraining_adam.defaults.get("fused"))
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
        method.save(options.json, "pytorch", torch.__version__, "eager, fused Adam" if fused else "eager", name, options.precision, steps, stages)


if __name__ == "__main__":
    main()

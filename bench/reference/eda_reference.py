#!/usr/bin/env python3
"""The method in PyTorch, as one would write it: modules, autograd (twice, for the score's gradient), torch.optim.Adam.
Written from the paper's formulas (arXiv 2407.09024), on any PyTorch from 1.13 on. The golden vectors of the tests are
these definitions in float64 (tests/Golden/generate.py --check holds them to the vectors that are checked in).

As a program it trains a run folder's stages with the folder's own settings, from dataset to weights that the engine
reads, and goes on from the engine's (docs/reference.md):

    python3 eda_reference.py behavior|critic|label|align RUNFOLDER
"""

import math
import sys

try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except ImportError:
    if __name__ != "__main__":
        raise
    print("eda_reference: this python3 has no PyTorch; Debian and Ubuntu have it as python3-torch", file=sys.stderr)
    sys.exit(2)

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


def preference_loss(gap, labels, temperature):
    """Eq. 15, and with two candidates Eq. 16: the winner is the first of those with the highest label."""
    return -F.log_softmax(temperature * gap, 1).gather(1, labels.argmax(1, keepdim=True)).mean()


def sample(model, start, s=None, evaluations=15):
    """DPM-Solver++ of order 2 from start [n, A] with s [n, S]."""
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


def mlp(inputs, width=method.CRITIC_WIDTH, outputs=1):
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, outputs))


class TwinQ(nn.Module):
    def __init__(self, states, actions, width=method.CRITIC_WIDTH):
        super().__init__()
        self.q1, self.q2 = mlp(states + actions, width), mlp(states + actions, width)

    def forward(self, s, a):
        """Q1 and Q2 of s [..., S] and a [..., A]; the action goes first."""
        x = torch.cat([a, s], -1)
        return self.q1(x).squeeze(-1), self.q2(x).squeeze(-1)


class Value(nn.Module):
    def __init__(self, states, width=method.CRITIC_WIDTH):
        super().__init__()
        self.v = mlp(states, width)

    def forward(self, s):
        return self.v(s).squeeze(-1)


class Policy(nn.Module):
    """The deterministic policy of implicit Q-learning."""

    def __init__(self, states, actions, width=method.CRITIC_WIDTH):
        super().__init__()
        self.net = mlp(states, width, actions)

    def forward(self, s):
        return torch.tanh(self.net(s))


def minimum_q(twin, s, a):
    """The smaller of the twins. s [n, S] and a [n, A], or K actions of each state, a [n, K, A]."""
    if a.dim() > s.dim():
        s = s[:, None].expand(-1, a.shape[1], -1)
    return torch.min(*twin(s, a))


def q_loss(twin, s, a, backup):
    """The mean of the twins' two mean squared errors."""
    return sum(F.mse_loss(q, backup) for q in twin(s, a)) / 2


def iql_losses(value, twin, target, s, a, r, s2, done, discount=method.DISCOUNT, expectile=method.EXPECTILE):
    """Both losses of a step of implicit Q-learning (arXiv 2110.06169), with V(s') and the target Q taken before V moves,
    and that V(s')."""
    with torch.no_grad():
        q, next_value = minimum_q(target, s, a), value(s2)
    advantage = q - value(s)
    value_part = (torch.abs(expectile - (advantage < 0).to(advantage.dtype)) * advantage**2).mean()
    return value_part, q_loss(twin, s, a, r + discount * (1 - done) * next_value), next_value


def iql_update(losses, value_adam, twin_adam, twin, target, rate=method.TARGET_RATE):
    minimise(value_adam, losses[0])
    minimise(twin_adam, losses[1])
    follow(target, twin, rate)


def policy_loss(policy, value, target, s, a, scale, cap):
    """Advantage-weighted regression, by the networks as they are: in a step, those that have just moved."""
    with torch.no_grad():
        weight = torch.exp(scale * (minimum_q(target, s, a) - value(s))).clamp(max=cap)
    return (weight * ((policy(s) - a) ** 2).sum(1)).mean(), weight


def sampled_loss(twin, target, s, a, r, s2, done, next_actions, discount, inverse_temperature):
    """The loss of a critic without V, which backs up from samples a' [n, K, A] (QGPO, arXiv 2304.12824; with one sample
    Diffusion-QL, arXiv 2208.06193), and V(s')."""
    with torch.no_grad():
        q = minimum_q(target, s2, next_actions)
        next_value = (F.softmax(inverse_temperature * q, 1) * q).sum(1)
    return q_loss(twin, s, a, r + discount * (1 - done) * next_value), next_value


def minimise(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def follow(slow, fast, rate):
    """Moves the slow network's parameters a share of the way towards the fast one's."""
    with torch.no_grad():
        for towards, parameter in zip(fast.parameters(), slow.parameters()):
            parameter.lerp_(towards, rate)


def parameters_of(model):
    """What of a diffusion model is trained: all but the output bias. It adds a constant to f, so both losses' gradients
    with respect to it are zero, and what rounding leaves of them Adam would blow up to full steps."""
    model.main.out_fc.bias.requires_grad_(False)
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


if __name__ == "__main__":
    import commands

    sys.exit(commands.main(sys.argv[1:]))

#!/usr/bin/env python3
"""Efficient Diffusion Alignment (EDA) in PyTorch, in one file and in the order of the paper: Chen, Zheng, Su and Zhu,
"Aligning Diffusion Behaviors with Q-functions for Efficient Continuous Control", NeurIPS 2024, arXiv 2407.09024.
"Eq." is the paper's. docs/method.md has the same as formulas, in sections of the same numbers.

In shapes: n rows, b states with K candidate actions each, S and A the sizes of a state and of an action, H the network's
width. A bandit has no states: S is 0 and s is None. Needs PyTorch from 1.13 on and NumPy; h5py for HDF5 files.

    python3 eda.py --bandit --quick
    python3 eda.py --dataset hopper.hdf5 --domain locomotion --temperature 0.2 --save hopper.pt
"""

import argparse
import copy
import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

# The paper's numbers and, where it gives none or trains critics for fewer steps, the published code's.
BETA_MIN, BETA_MAX, TIME_MIN, TIME_FEATURES, DROPOUT = 0.1, 20.0, 1e-3, 32, 0.1
PRETRAINING_RATE, CRITIC_RATE, ALIGNMENT_RATE = 3e-4, 3e-4, 5e-5
CRITIC_WIDTH, DISCOUNT, TARGET_RATE, EXPECTILE, WEIGHT_CAP = 256, 0.99, 0.005, 0.7, 100.0
TEMPERATURE, LABEL_SCALE, CANDIDATES, EVALUATIONS = 1.0, 3.0, 16, 15


# ----------------------------------------------------------------------------------------------------- 1  noise schedule
def alpha_sigma(t):
    """alpha_t and sigma_t = sqrt(1 - alpha_t^2) of times t [n]; the noise rate is linear in t, BETA_MIN to BETA_MAX."""
    log_alpha = -(BETA_MAX - BETA_MIN) * t**2 / 4 - BETA_MIN * t / 2
    return torch.exp(log_alpha), torch.sqrt(-torch.expm1(2 * log_alpha))


def diffuse(a, t, noise):
    """a_t = alpha_t a + sigma_t noise [n, A] of actions a [n, A], times t [n] and normal noise [n, A]."""
    alpha, sigma = alpha_sigma(t)
    return alpha[:, None] * a + sigma[:, None] * noise


def random_times(n, device=None):
    """Times of training [n], uniform in [1e-3, 1)."""
    return TIME_MIN + (1 - TIME_MIN) * torch.rand(n, device=device)


# ------------------------------------------------------------ 2  the bottleneck diffusion model (BDM): density and score
class TimeFeatures(nn.Module):
    """[sin 2 pi w t, cos 2 pi w t] [n, 32] with frequencies w from N(0, 30^2), which are never trained."""

    def __init__(self):
        super().__init__()
        self.register_buffer("W", 30 * torch.randn(TIME_FEATURES // 2))

    def forward(self, t):
        phase = 2 * math.pi * t[:, None] * self.W
        return torch.cat([torch.sin(phase), torch.cos(phase)], 1)


class Block(nn.Module):
    """x + W2 SiLU(W1 LayerNorm(dropout(x))), [n, H] to [n, H]."""

    def __init__(self, width):
        super().__init__()
        self.layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x, dropout, mask):
        y = F.dropout(x, dropout, dropout > 0) if mask is None else x * mask / (1 - dropout)
        return x + self.fc2(F.silu(self.fc1(self.layer_norm(y))))


class Bdm(nn.Module):
    """f(a_t | s, t): the log-density of noised actions, up to a constant C(s, t) (Eq. 11). A residual network of width
    H, a multiple of 32, whose A outputs are summed. Names of parameters are the published code's without its prefix."""

    def __init__(self, states, actions, width=256, blocks=3):
        super().__init__()
        self.states, self.actions = states, actions
        self.embed = nn.ModuleList([TimeFeatures()])
        time = nn.Linear(TIME_FEATURES, TIME_FEATURES)
        self.cond_model = nn.ModuleList([time]) if states else time
        self.dense1 = nn.Linear(TIME_FEATURES, width // 8)
        self.dense2 = nn.Linear(actions, width // 2 if states else 7 * width // 8)
        self.dense3 = nn.Linear(states, 3 * width // 8) if states else None
        blocks = nn.ModuleList(Block(width) for _ in range(blocks))
        self.main = nn.ModuleDict({"fc": nn.Linear(width, width), "blocks": blocks, "out_fc": nn.Linear(width, actions)})

    def forward(self, a, t, s=None, dropout=0.0, mask=None):
        """f [n] of noised actions a [n, A], times t [n], states s [n, S]. mask [n, blocks, H] is 1 where a feature is
        kept; without one, features are dropped at random."""
        time = self.cond_model[0] if self.states else self.cond_model
        x = [self.dense2(a), self.dense1(F.silu(time(self.embed[0](t))))] + ([self.dense3(s)] if self.states else [])
        x = self.main["fc"](torch.cat(x, 1))
        for l, block in enumerate(self.main["blocks"]):
            x = block(x, dropout, None if mask is None else mask[:, l])
        return self.main["out_fc"](F.silu(x)).sum(1)


def trained_parameters(model):
    """All but the output's bias, which is frozen. It adds a constant to f, so Eq. 10 does not depend on it, and its
    gradient in Eq. 14 to 16 is nothing but rounding, which Adam would blow up to full steps."""
    model.main["out_fc"].bias.requires_grad_(False)
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def predicted_noise(model, a, t, s=None, dropout=0.0, mask=None, create_graph=False):
    """-sigma_t grad f(a_t | s, t) [n, A], -sigma_t times the score, the gradient with respect to a_t (Eq. 9)."""
    a = a.detach().requires_grad_(True)
    gradient, = torch.autograd.grad(model(a, t, s, dropout, mask).sum(), a, create_graph=create_graph)
    return -alpha_sigma(t)[1][:, None] * gradient


# ----------------------------------------------------------------------------- 3  stage 1: behavior pretraining (Eq. 10)
def denoising_loss(model, a, t, noise, s=None, dropout=0.0, mask=None):
    """Eq. 10: the squared error of the predicted noise, summed over the action's components, averaged over rows. Its
    gradient takes second derivatives of f, hence create_graph."""
    predicted = predicted_noise(model, diffuse(a, t, noise), t, s, dropout, mask, create_graph=True)
    return ((predicted - noise) ** 2).sum(1).mean()


def gradient_step(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def soft_update(target, source, rate):
    """target <- target + rate (source - target), parameter by parameter."""
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), source.parameters()):
            slow.lerp_(fast, rate)


# ------------------------------------------------------------------------------------------------------------ 4  critics
def mlp(inputs, width=CRITIC_WIDTH, outputs=1):
    first, second, last = nn.Linear(inputs, width), nn.Linear(width, width), nn.Linear(width, outputs)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)


class TwinQ(nn.Module):
    def __init__(self, states, actions, width=CRITIC_WIDTH):
        super().__init__()
        self.q1, self.q2 = mlp(states + actions, width), mlp(states + actions, width)

    def forward(self, s, a):
        """Both [...] of s [..., S] and a [..., A]; the action goes first."""
        x = torch.cat([a, s], -1)
        return self.q1(x).squeeze(-1), self.q2(x).squeeze(-1)


class Value(nn.Module):
    def __init__(self, states, width=CRITIC_WIDTH):
        super().__init__()
        self.v = mlp(states, width)

    def forward(self, s):
        return self.v(s).squeeze(-1)


def minimum_q(twin, s, a):
    """Q(s, a) = min(Q1, Q2): [n] of s [n, S] and a [n, A], or [b, K] of s [b, S] and K actions each, a [b, K, A]."""
    if a.dim() > s.dim():
        s = s[:, None].expand(-1, a.shape[1], -1)
    return torch.min(*twin(s, a))


def q_loss(twin, s, a, y):
    """mean (1/2) sum_i (Q_i(s, a) - y)^2, with y = r + discount (1 - done) V(s') [n]. The critics differ in V(s')."""
    return sum(F.mse_loss(q, y) for q in twin(s, a)) / 2


def iql_losses(value, twin, target, s, a, r, s2, done, discount=DISCOUNT, expectile=EXPECTILE):
    """Implicit Q-learning (arXiv 2110.06169): the loss of V, by expectile regression of u = Q_target(s, a) - V(s), so
    that no action outside the data is queried; the loss of Q; and V(s') [n], before V moves, as the published code."""
    with torch.no_grad():
        q, next_value = minimum_q(target, s, a), value(s2)
    u = q - value(s)
    v_loss = (torch.abs(expectile - (u < 0).to(u.dtype)) * u**2).mean()
    return v_loss, q_loss(twin, s, a, r + discount * (1 - done) * next_value), next_value


def iql_update(losses, value_adam, twin_adam, twin, target, rate=TARGET_RATE):
    """Moves V, the twins, then their targets."""
    gradient_step(value_adam, losses[0])
    gradient_step(twin_adam, losses[1])
    soft_update(target, twin, rate)


def sampled_loss(twin, target, s, a, r, s2, done, next_actions, discount=DISCOUNT, alpha=1.0):
    """Softmax Q-learning (QGPO's in-support backup, Lu et al., arXiv 2304.12824): the loss of Q, and V(s') [n] =
    sum_k softmax_k(alpha Q_target(s', a'_k)) Q_target(s', a'_k) over samples a' [n, K, A] of the behavior model. Online
    Q-learning (Diffusion-QL's backup, arXiv 2208.06193): a' is one sample of the current policy, K = 1."""
    with torch.no_grad():
        q = minimum_q(target, s2, next_actions)
        next_value = (F.softmax(alpha * q, 1) * q).sum(1)
    return q_loss(twin, s, a, r + discount * (1 - done) * next_value), next_value


def advantage_weights(value, target, s, a, scale, cap=WEIGHT_CAP):
    """min(exp(scale (Q(s, a) - V(s))), cap) [n], by which --weigh-steps draws rows (not in the paper)."""
    with torch.no_grad():
        return torch.exp(scale * (minimum_q(target, s, a) - value(s))).clamp(max=cap)


# ---------------------------------------------------------------------------- 5  stage 2: candidates and labels (Eq. 12)
def sample_candidates(model, s, k=CANDIDATES, evaluations=EVALUATIONS, at_once=65536):
    """K actions of each state s [b, S], samples [b, K, A] of a model, in chunks of states."""
    parts = (x.repeat_interleave(k, 0) for x in s.split(max(1, at_once // k)))
    actions = [sample(model, torch.randn(len(x), model.actions, device=s.device), x, evaluations) for x in parts]
    return torch.cat(actions).reshape(len(s), k, -1)


def label_candidates(target, s, candidates, at_once=4096):
    """Q(s, a_k) [b, K] of candidates [b, K, A], in chunks of states."""
    with torch.no_grad():
        return torch.cat([minimum_q(target, *part) for part in zip(s.split(at_once), candidates.split(at_once))])


# ---------------------------------------------------------------------------------- 5  stage 2: alignment (Eq. 13 to 16)
def gaps(policy, behavior, a, t, noise, s=None):
    """Delta_k = f_theta(a_t^k | s, t) - f_phi(a_t^k | s, t) [b, K] of candidates a [b, K, A] with noise [b, K, A]; a
    state's candidates share its time t [b]. phi stays fixed. C(s, t) cancels in the softmax over candidates."""
    b, k, size = a.shape
    t, s = t.repeat_interleave(k), None if s is None else s.repeat_interleave(k, 0)
    at = diffuse(a.reshape(b * k, size), t, noise.reshape(b * k, size))
    with torch.no_grad():
        frozen = behavior(at, t, s)
    return (policy(at, t, s) - frozen).reshape(b, k)


def value_loss(gap, labels, temperature=TEMPERATURE, scale=LABEL_SCALE):
    """Eq. 14: the cross-entropy of softmax_k(beta Delta) to softmax_k(q Q(s, a_k)); the paper has no q, its code has."""
    return -(F.softmax(scale * labels, 1) * F.log_softmax(temperature * gap, 1)).sum(1).mean()


def preference_loss(gap, labels, temperature=TEMPERATURE):
    """Eq. 15: -log softmax_w(beta Delta), w the first with the highest label; K = 2 is Eq. 16, as of DPO."""
    winner = labels.argmax(1, keepdim=True)
    return -F.log_softmax(temperature * gap, 1).gather(1, winner).mean()


# ----------------------------------------------------------------------------------------------------------- 6  sampling
def sample(model, start, s=None, evaluations=EVALUATIONS):
    """Actions [n, A] from normal noise start [n, A] and states s [n, S], by DPM-Solver++ (Lu et al., arXiv 2211.01095):
    singlestep, order 2, by data prediction, on `evaluations` equal intervals of time from 1 to 1e-3. A step of order 2
    takes two of them; an odd number ends in one step of order 1, an even one in two."""
    times = 1 + (TIME_MIN - 1) * torch.arange(evaluations + 1, dtype=torch.float64) / evaluations
    alpha, sigma = alpha_sigma(times)
    lam = (alpha.log() - sigma.log()).tolist()  # half the log signal-to-noise ratio
    times, alpha, sigma = times.tolist(), alpha.tolist(), sigma.tolist()

    def data(x, i):
        """The predicted clean action."""
        return (x - sigma[i] * predicted_noise(model, x, torch.full_like(x[:, 0], times[i]), s)) / alpha[i]

    def move(x, i, j, d):
        """From time i to time j with the data d."""
        return sigma[j] / sigma[i] * x - alpha[j] * math.expm1(lam[i] - lam[j]) * d

    x, i = start, 0
    while i < evaluations:
        d0 = data(x, i)
        if evaluations - i > 2:
            r = (lam[i + 1] - lam[i]) / (lam[i + 2] - lam[i])
            d1 = data(move(x, i, i + 1, d0), i + 1)
            x, i = move(x, i, i + 2, d0 + (d1 - d0) / (2 * r)), i + 2
        else:
            x, i = move(x, i, i + 1, d0), i + 1
    return x.detach()


def act(policy, target, s, samples=4, evaluations=EVALUATIONS):
    """Actions [b, A] as the paper's policy acts in states s [b, S]: of 4 samples the one with the highest Q."""
    a = sample_candidates(policy, s, samples, evaluations)
    return a[torch.arange(len(a)), label_candidates(target, s, a).argmax(1)]


# ------------------------------------------------------------------------------------------ 7  data: a bandit, a dataset
def eight_gaussians(n):
    """One of the paper's six bandits: points in a plane [n, 2] and their energies [n], which are their Q."""
    i = torch.randint(8, (n,))
    angle = math.pi * (90 + 45 * i) / 180
    return (4 * torch.stack([torch.cos(angle), torch.sin(angle)], 1) + 0.5 * torch.randn(n, 2)) / 1.414, i / 7


def read_fields(path):
    """The arrays of D4RL's HDF5, or of an .npz file with the same names."""
    if path.endswith(".npz"):
        file = np.load(path, allow_pickle=False)
    else:
        import h5py
        file = h5py.File(path, "r")
    names = "observations", "actions", "rewards", "terminals", "timeouts"
    with file:
        fields = {name: np.asarray(file[name][()]) for name in names if name in file}
    for name in names[:4]:
        if name not in fields or len(fields[name]) != len(fields["observations"]) or not np.isfinite(fields[name]).all():
            raise SystemExit(f"eda.py: {name} of {path} must be there, as many as observations, and finite numbers")
    return fields


def transitions(fields, limit=1000):
    """D4RL's qlearning_dataset in float32: s [n, S], a [n, A], r, s', done. Each row is a transition to the next one,
    but the last and those where time ran out: the file's timeouts or, without them, each `limit` rows of an episode."""
    s, a = (np.ascontiguousarray(fields[name], np.float32) for name in ("observations", "actions"))
    r, done = (np.asarray(fields[name], np.float32).reshape(-1) for name in ("rewards", "terminals"))
    cut, step = np.zeros(len(s), bool), 0
    for row, terminal in enumerate(done.tolist()):
        cut[row] = step == limit - 1
        step = 0 if cut[row] else 1 if terminal else step + 1  # D4RL counts from 1 after a terminal row
    if "timeouts" in fields:
        cut = np.asarray(fields["timeouts"]).reshape(-1) != 0
    rows = np.flatnonzero(~cut[:-1])
    return s[rows], a[rows], r[rows], s[rows + 1], done[rows]


def return_range(r, done):
    """The greatest return less the least, of episodes that end at a terminal row or at a thousandth."""
    returns, total, length = [], 0.0, 0
    for reward, terminal in zip(r.tolist(), done.tolist()):
        total, length = total + reward, length + 1
        if terminal or length == 1000:
            returns.append(total)
            total, length = 0.0, 0
    return max(returns, default=0.0) - min(returns, default=0.0)


# A domain's rewards as a critic sees them, its expectile, advantage scale and alpha of softmax Q-learning.
DOMAINS = {
    "locomotion": (lambda r, done: r / np.float32(return_range(r, done)) * np.float32(1000), 0.7, 3.0, 1.0),
    "antmaze": (lambda r, done: r - np.float32(1), 0.9, 10.0, 20.0),
    "kitchen": (lambda r, done: r, 0.7, 0.5, 1.0),
    "other": (lambda r, done: r, 0.7, 3.0, 1.0),
}


# --------------------------------------------------------------------------------------------------- the two stages, run
def report(name, step, steps, losses, loss):
    """Prints the mean loss of each tenth of a stage."""
    losses.append(loss.item())
    if not math.isfinite(losses[-1]):
        raise SystemExit(f"eda.py: {name} diverged at step {step}")
    if step % max(1, steps // 10) == 0 or step == steps:
        print(f"{name} {step}/{steps}: loss {np.mean(losses):.5g}", flush=True)
        losses.clear()


def pretrain(name, model, s, a, steps, options, weights=None):
    """Stage 1 on batches of rows s [n, S] and a [n, A], drawn uniformly or in proportion to weights [n]."""
    adam, losses = torch.optim.Adam(trained_parameters(model), lr=options.behavior_rate), []
    for step in range(1, steps + 1):
        n = options.behavior_batch
        i = torch.randint(len(a), (n,), device=a.device) if weights is None else torch.multinomial(weights, n, True)
        t, noise = random_times(len(i), a.device), torch.randn_like(a[i])
        loss = denoising_loss(model, a[i], t, noise, None if s is None else s[i], DROPOUT)
        gradient_step(adam, loss)
        report(name, step, steps, losses, loss)
    return model.requires_grad_(False)


def align(policy, behavior, draw, options):
    """Stage 2, from a policy that is a copy of the behavior. draw gives states, candidates [b, K, A], labels [b, K]."""
    adam, losses = torch.optim.Adam(trained_parameters(policy), lr=options.align_rate), []
    for step in range(1, options.align_steps + 1):
        s, a, labels = draw()
        gap = gaps(policy, behavior, a, random_times(len(a), a.device), torch.randn_like(a), s)
        loss = preference_loss(gap, labels, options.temperature)
        if options.objective == "value":
            loss = value_loss(gap, labels, options.temperature, options.label_scale)
        gradient_step(adam, loss)
        report("alignment", step, options.align_steps, losses, loss)


def run_bandit(options):
    """Both stages; then the mean Q of samples and, of Eq. 14, of the exact answer, data weighted by e^{q Q / beta}."""
    a, q = (values.to(options.device) for values in eight_gaussians(options.points))
    behavior = Bdm(0, 2, options.width, options.blocks).to(options.device)
    pretrain("behavior", behavior, None, a, options.behavior_steps, options)
    policy = copy.deepcopy(behavior).requires_grad_(True)

    def draw():
        i = torch.randint(len(a), (options.align_states, options.candidates), device=a.device)
        return None, a[i], q[i]

    def mean_q(model):  # by the nearest point of the data
        x = sample(model, torch.randn_like(a[:2000]), None, options.evaluations)
        return q[torch.cdist(x, a[:20_000]).argmin(1)].mean()

    align(policy, behavior, draw, options)
    found = {"data": q.mean(), "behavior": mean_q(behavior), "policy": mean_q(policy)}
    if options.objective == "value":
        found["exact answer"] = (F.softmax(options.label_scale * q / options.temperature, 0) * q).sum()
    print("mean Q: " + ", ".join(f"{name} {value:.4f}" for name, value in found.items()))
    return {"behavior": behavior, "policy": policy}


def run_dataset(options):
    """Both stages; then the mean Q of samples, and of the best of four."""
    rewards, expectile, scale, alpha = DOMAINS[options.domain]
    s, a, r, s2, done = transitions(read_fields(options.dataset.name), options.limit)
    data = [torch.from_numpy(x).to(options.device) for x in (s, a, rewards(r, done), s2, done)]
    if not data[2].isfinite().all():
        raise SystemExit(f"eda.py: --domain {options.domain} needs finished episodes whose returns differ")
    (s, a, _, s2, _), sizes = data, (s.shape[1], a.shape[1])
    behavior = Bdm(*sizes, options.width, options.blocks).to(options.device)
    pretrain("behavior", behavior, s, a, options.behavior_steps, options)

    twin, value, losses = TwinQ(*sizes).to(options.device), Value(sizes[0]).to(options.device), []
    target = copy.deepcopy(twin).requires_grad_(False)
    twin_adam, value_adam = (torch.optim.Adam(network.parameters(), lr=options.critic_rate) for network in (twin, value))

    def critic_step(next_actions):  # gives a' [n, K, A] of rows [n], for a critic without V
        i = torch.randint(len(s), (options.critic_batch,), device=s.device)
        batch = (values[i] for values in data)
        if options.critic == "implicit":
            iql = iql_losses(value, twin, target, *batch, expectile=expectile)
            iql_update(iql, value_adam, twin_adam, twin, target)
            return iql[1]
        loss, _ = sampled_loss(twin, target, *batch, next_actions(i), alpha=alpha)
        gradient_step(twin_adam, loss)
        soft_update(target, twin, TARGET_RATE)
        return loss

    sampled = sample_candidates(behavior, s2, CANDIDATES, options.evaluations) if options.critic == "softmax" else None
    online = options.critic == "online"  # then it is trained beside the policy
    for step in range(1, options.critic_steps + 1) if not online else ():
        report("critic", step, options.critic_steps, losses, critic_step(lambda i: sampled[i]))
    models = {"behavior": behavior}
    if options.weigh_steps:  # of a copy, by a third of IQL's scale, as the engine's short budgets
        parts = zip(s.split(65536), a.split(65536))
        weights = torch.cat([advantage_weights(value, target, *part, scale / 3) for part in parts])
        behavior = models["weighted"] = copy.deepcopy(behavior).requires_grad_(True)
        pretrain("weighted rows", behavior, s, a, options.weigh_steps, options, weights)
    states = s[torch.randperm(len(s), device=s.device)[:options.label_states]]
    candidates = sample_candidates(behavior, states, options.candidates, options.evaluations)
    labels = None if online else label_candidates(target, states, candidates)
    policy = models["policy"] = copy.deepcopy(behavior).requires_grad_(True)

    def draw():
        i = torch.randint(len(states), (options.align_states,), device=s.device)
        if not online:
            return states[i], candidates[i], labels[i]
        critic_step(lambda rows: sample_candidates(policy, s2[rows], 1, options.evaluations))
        return states[i], candidates[i], label_candidates(target, states[i], candidates[i])

    align(policy, behavior, draw, options)
    for name, model in models.items():
        one, best = (minimum_q(target, s[:1000], act(model, target, s[:1000], k, options.evaluations)) for k in (1, 4))
        print(f"mean Q, by the critic: {name} {one.mean():.5g}, best of four {best.mean():.5g}")
    return {"critic": target, **models}


NUMBERS = {  # full size, the paper's or the published code's; that of --quick; what it is
    "temperature": (TEMPERATURE, TEMPERATURE, "beta"), "label_scale": (LABEL_SCALE, LABEL_SCALE, "q"),
    "candidates": (CANDIDATES, CANDIDATES, "K; dpo: 2"), "evaluations": (EVALUATIONS, EVALUATIONS, "NFE of a sample"),
    "behavior_steps": (1_000_000, 3000, ""), "behavior_batch": (2048, 256, ""), "critic_batch": (256, 256, ""),
    "behavior_rate": (PRETRAINING_RATE, 1e-3, "bandits: 1e-4"), "critic_rate": (CRITIC_RATE, CRITIC_RATE, ""),
    "critic_steps": (1_500_000, 5000, "the paper: 1,000,000"), "weigh_steps": (0, 0, "on rows by their advantage"),
    "align_steps": (200_000, 1500, ""), "align_states": (256, 64, ""), "align_rate": (ALIGNMENT_RATE, 3e-4, ""),
    "label_states": (10_000_000, 5000, "at most all"), "points": (1_000_000, 200_000, "of the bandit"),
    "width": (256, 64, "H"), "blocks": (3, 3, ""), "seed": (0, 0, ""),
    "limit": (1000, 1000, "steps of an episode without timeouts; D4RL: 700 in antmaze-umaze, 280 in the kitchen"),
}


def main():
    parser = argparse.ArgumentParser(description="Efficient Diffusion Alignment: behavior, critic, policy.")
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--bandit", action="store_true", help="eight Gaussians in a plane, Q rising from one to the next")
    task.add_argument("--dataset", metavar="FILE", type=argparse.FileType("rb"), help="D4RL's HDF5, or .npz like it")
    parser.add_argument("--domain", choices=DOMAINS, default="other", help="decides rewards and the critic's constants")
    parser.add_argument("--critic", choices=["implicit", "softmax", "online"], default="implicit", help="(implicit)")
    parser.add_argument("--objective", choices=["value", "preference", "dpo"], default="value", help="(value)")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a try of minutes")
    for name, (full, quick, what) in NUMBERS.items():
        parser.add_argument("--" + name.replace("_", "-"), type=type(full), help=f"{what} ({full}; --quick: {quick})")
    parser.add_argument("--device", default="cpu", help="(cpu)")
    parser.add_argument("--save", metavar="FILE", type=argparse.FileType("xb"), help="a new file for all weights, by torch.save")
    options = parser.parse_args()
    for name, (full, quick, _) in NUMBERS.items():
        if getattr(options, name) is None:
            bandits = 1e-4 if options.bandit and name == "behavior_rate" else full
            setattr(options, name, quick if options.quick else bandits)
        least = dict(candidates=2, weigh_steps=0, seed=0, width=32).get(name, 1 if isinstance(full, int) else 1e-9)
        if not getattr(options, name) >= least or name == "width" and options.width % 32:
            parser.error(f"--{name} is {getattr(options, name)}; allowed from {least}, width in 32s".replace("_", "-"))
    if options.weigh_steps and options.critic != "implicit":
        parser.error("--weigh-steps needs --critic implicit, which alone has V")
    options.candidates = 2 if options.objective == "dpo" else options.candidates
    torch.manual_seed(options.seed)
    networks = run_bandit(options) if options.bandit else run_dataset(options)
    if options.save:
        torch.save({name: network.state_dict() for name, network in networks.items()}, options.save)


if __name__ == "__main__":
    main()

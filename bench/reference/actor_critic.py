"""TD3+BC (arXiv 2106.06860) and Diffusion-QL (arXiv 2208.06193) in PyTorch, by autograd and torch.optim.Adam, and their
stages in `eda verify --against pytorch` (follow.py)."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import eda

TIME_SIZE, TIME_WIDTH = 16, 32
BETA_MIN, BETA_MAX = 0.1, 10.0


class Net(nn.Module):
    """A multi-layer perceptron."""

    def __init__(self, sizes, activation, last=None):
        super().__init__()
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [nn.Linear(inputs, outputs), activation()]
        self.net = nn.Sequential(*layers[:-1])
        self.last = last or nn.Identity()

    def forward(self, *parts):
        return self.last(self.net(torch.cat(parts, -1)))


class Chain(nn.Module):
    """The denoising chain of Diffusion-QL: the network of its noise and the embedding of its steps."""

    def __init__(self, states, actions, width, steps):
        super().__init__()
        self.main = Net([actions + TIME_SIZE + states, width, width, width, actions], nn.Mish)
        self.time = Net([TIME_SIZE, TIME_WIDTH, TIME_SIZE], nn.Mish)
        t = torch.arange(1, steps + 1, dtype=torch.float64)
        alpha = torch.exp(-BETA_MIN / steps - 0.5 * (BETA_MAX - BETA_MIN) * (2 * t - 1) / steps**2)
        self.alpha, self.product = alpha, torch.cumprod(alpha, 0)
        self.before = torch.cat([torch.ones(1, dtype=torch.float64), self.product[:-1]])

    def noise(self, x, step, s):
        """The predicted noise; step [n] counts from 0."""
        half = TIME_SIZE // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float64) / (half - 1))
        phase = step.double()[:, None] * frequencies
        return self.main(x, self.time(torch.cat([torch.sin(phase), torch.cos(phase)], 1).to(x.dtype)), s)

    def cloning_loss(self, a, step, noise, s):
        product = self.product[step][:, None].to(a.dtype)
        return F.mse_loss(self.noise(product.sqrt() * a + (1 - product).sqrt() * noise, step, s), noise)

    def sample(self, start, noise, s):
        """From start [n, A] with noise [T - 1, n, A], the first for the first step."""
        x, last = start, len(self.alpha) - 1
        for step in range(last, -1, -1):
            alpha, product, before = (float(values[step]) for values in (self.alpha, self.product, self.before))
            predicted = self.noise(x, torch.full((len(x),), step), s)
            data = (x / math.sqrt(product) - math.sqrt(1 / product - 1) * predicted).clamp(-1, 1)
            x = ((1 - alpha) * math.sqrt(before) * data + (1 - before) * math.sqrt(alpha) * x) / (1 - product)
            if step:
                x = x + math.sqrt((1 - alpha) * (1 - before) / (1 - product)) * noise[last - step]
        return x


def adam(problem, *modules):
    return torch.optim.Adam([parameter for module in modules for parameter in module.parameters()], lr=problem.number("learning_rate"))


def td3_bc(problem):
    states, actions, width = problem.tensors["states"].shape[1], problem.tensors["actions"].shape[1], len(problem.tensors["twin/q1.0.weight"])
    policy, policy_average = (problem.load(name, Net([states, width, width, actions], nn.ReLU, nn.Tanh())) for name in ("policy", "policy_average"))
    twin, twin_average = (problem.load(name, eda.TwinQ(states, actions, width)) for name in ("twin", "twin_average"))
    optimizers, bound = [adam(problem, module) for module in (twin, policy)], problem.number("noise_bound")
    noise = (problem.number("noise_deviation") * problem["noise"]).clamp(-bound, bound)
    for step in range(problem.steps):
        s, a, r, s2, done = problem.batch(step)
        with torch.no_grad():
            next_action = (policy_average(s2) + noise[step]).clamp(-1, 1)
            backup = r + problem.number("discount") * (1 - done) * eda.minimum_q(twin_average, s2, next_action)
        loss, policy_loss = sum(F.mse_loss(q, backup) for q in twin(s, a)), torch.zeros(())
        eda.gradient_step(optimizers[0], loss)
        every = int(problem.number("policy_every"))
        if (step + 1) % every == 0:
            played = policy(s)
            q, _ = twin(s, played)
            policy_loss = F.mse_loss(played, a) - problem.number("alpha") * q.mean() / q.abs().mean().detach()
            eda.gradient_step(optimizers[1], policy_loss)
            eda.soft_update(policy_average, policy, problem.number("target_rate"))
            eda.soft_update(twin_average, twin, problem.number("target_rate"))
        problem.record(step, {"loss": loss, "policy_loss": every * policy_loss}, policy=policy, policy_average=policy_average, twin=twin, twin_average=twin_average)


def diffusion_ql(problem):
    states, actions, width = problem.tensors["states"].shape[1], problem.tensors["actions"].shape[1], len(problem.tensors["q1/net.0.weight"])
    chain, average = (Chain(states, actions, width, int(problem.number("steps"))) for _ in range(2))
    networks = {"policy": chain.main, "policy_average": average.main, "time": chain.time, "time_average": average.time}
    networks.update({name: Net([states + actions, width, width, width, 1], nn.Mish) for name in ("q1", "q2", "q1_average", "q2_average")})
    for name, module in networks.items():
        problem.load(name, module)
    twin, targets = ([networks[name + suffix] for name in ("q1", "q2")] for suffix in ("", "_average"))
    optimizers, bound, k = [adam(problem, *twin), adam(problem, chain)], problem.number("gradient_bound"), int(problem.number("backup_actions"))
    drawn = {name: problem[name] for name in ("next_start", "next_chain_noise", "noise", "start", "chain_noise")}

    def minimise(optimizer, loss, modules):
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([parameter for module in modules for parameter in module.parameters()], bound)
        optimizer.step()

    for step in range(problem.steps):
        s, a, r, s2, done = problem.batch(step)
        now = {name: values[step] for name, values in drawn.items()}
        with torch.no_grad():
            repeated = s2.repeat_interleave(k, 0)
            next_action = average.sample(now["next_start"], now["next_chain_noise"], repeated)
            largest = [target(repeated, next_action).reshape(-1, k).max(1)[0] for target in targets]
            backup = r + problem.number("discount") * (1 - done) * torch.min(*largest)
        loss = sum(F.mse_loss(q(s, a)[:, 0], backup) for q in twin)
        minimise(optimizers[0], loss, twin)

        chosen = int(problem.tensors["climbed"][step, 0])
        cloning = chain.cloning_loss(a, torch.from_numpy(problem.tensors["chain_steps"][step]).long(), now["noise"], s)
        played = chain.sample(now["start"], now["chain_noise"], s)
        climbing = -twin[chosen](s, played).mean() / twin[1 - chosen](s, played).abs().mean().detach()
        minimise(optimizers[1], cloning + problem.number("eta") * climbing, [chain])
        if step >= problem.number("average_from") and step % problem.number("average_every") == 0:
            eda.soft_update(average, chain, problem.number("average_rate"))
        for target, q in zip(targets, twin):
            eda.soft_update(target, q, problem.number("target_rate"))
        problem.record(step, {"loss": loss, "cloning_loss": cloning, "q_loss": climbing}, **networks)

using EDA.Engine.Optimizers;
using EDA.Kernels;
using EDA.Kernels.Cpu;
using TorchSharp;

// What the engine needs of it: the native library, gradients of gradients, and an optimizer in the engine's memory.
if (TorchMemory.Refusal is { } refusal)
{
    Console.WriteLine(refusal);
    return 1;
}

// y = x³ has y'' = 6x.
using var x = torch.nn.Parameter(torch.tensor(new[] { 1f, 2f, 3f }));
using var y = x.pow(3).sum();
using var first = torch.autograd.grad([y], [x], null, true, create_graph: true)[0];
using var total = first.sum();
total.backward();
using var gradient = x.grad!;
float[] second = gradient.data<float>().ToArray();
if (MathF.Abs(second[0] - 6) > 1e-4f || MathF.Abs(second[2] - 18) > 1e-4f)
{
    Console.WriteLine($"gradient of the gradient {second[0]}, {second[2]} instead of 6, 18");
    return 1;
}

// The first step of Adam is the learning rate's.
using var device = new CpuDevice();
var layout = new BdmLayout(new BdmShape(0, 1, 32, 1));
using var parameters = device.Allocate<float>(layout.Length);
using var slopes = device.Upload<float>(Enumerable.Repeat(2f, layout.Length).ToArray());
using var optimizer = new TorchOptimizer(parameters, layout, p => torch.optim.Adam(p, 0.125));
optimizer.Step(slopes);
float moved = parameters.ToArray()[^1];
if (MathF.Abs(moved + 0.125f) > 1e-4f)
{
    Console.WriteLine($"Adam moved 0 to {moved} instead of -0.125");
    return 1;
}

Console.WriteLine(TorchMemory.Version);
return 0;

using TorchSharp;

// What the engine needs of it: gradients of gradients, and an optimizer. y = x³ has y'' = 6x.
using var x = torch.tensor(new[] { 1f, 2f, 3f }, requires_grad: true);
using var y = x.pow(3).sum();
using var first = torch.autograd.grad([y], [x], null, true, create_graph: true)[0];
using var total = first.sum();
total.backward();
float[] second = x.grad!.data<float>().ToArray();
using var optimizer = torch.optim.Adam([x], 0.1);
optimizer.step();
float moved = x.data<float>()[0];
bool right = MathF.Abs(second[0] - 6) < 1e-4f && MathF.Abs(second[2] - 18) < 1e-4f && MathF.Abs(moved - 0.9f) < 1e-4f;
Console.WriteLine(right
    ? $"TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}, libtorch {torch.__version__}"
    : $"gradient of the gradient {second[0]}, {second[2]} instead of 6, 18, or Adam moved 1 to {moved} instead of 0.9");
return right ? 0 : 1;

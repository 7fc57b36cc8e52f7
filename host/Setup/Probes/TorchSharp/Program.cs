using System.Runtime.InteropServices;
using TorchSharp;

try
{
    return DoubleBackward();
}
catch (Exception error)
{
    // TorchSharp names the package it would like; the system's loader names the library that is missing or too old.
    string library = OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";
    string path = Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeInformation.RuntimeIdentifier, "native", library);
    string reason = error.GetBaseException().Message;
    try
    {
        NativeLibrary.Load(path);
    }
    catch (DllNotFoundException missing)
    {
        // Several lines, one for each place looked at; the telling one says what was not found there.
        string[] lines = missing.Message.Split('\n', StringSplitOptions.TrimEntries);
        reason = lines.FirstOrDefault(line => line.Contains("version", StringComparison.Ordinal)) ?? lines.Last(line => line.Length > 0);
    }

    Console.WriteLine(reason.Split('\n')[0].Replace(Path.GetDirectoryName(path) + Path.DirectorySeparatorChar, string.Empty));
    return 1;
}

// What the engine needs of it: gradients of gradients, and an optimizer. y = x³ has y'' = 6x.
static int DoubleBackward()
{
    using var x = torch.nn.Parameter(torch.tensor(new[] { 1f, 2f, 3f }));
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
}

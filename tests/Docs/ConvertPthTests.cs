using System.Diagnostics;
using System.Text.Json;
using EDA.Engine.Checkpoints;
using EDA.Host.Setup;
using EDA.Tests.Host;

namespace EDA.Tests.Docs;

/// <summary>docs/convert_pth.py: what it turns, and the one line that it has for what it cannot.</summary>
[Trait("speed", "slow")]
public sealed class ConvertPthTests : IDisposable
{
    /// <summary>Makes a checkpoint of every kind in the current folder, and damages some.</summary>
    private const string Checkpoints = """
        import os, torch
        weights = {"main.fc.weight": torch.arange(16.0).reshape(4, 4) / 7, "main.fc.bias": torch.ones(4)}
        save = torch.save
        save(weights, "good.pth")
        save(weights, "older.pth", _use_new_zipfile_serialization=False)
        save({"x": {"y": torch.ones(1)}, "state_dict": weights}, "nested.pth")
        save({name: value.to(torch.bfloat16) for name, value in weights.items()}, "brain.pth")
        save({"a": weights, "b": weights}, "two.pth")
        save({name: value.numpy() for name, value in weights.items()}, "numpy.pth")
        save(torch.nn.Linear(3, 3), "module.pth")
        save(torch.nn.Linear(3, 3).state_dict(), "other.pth")
        save([1, 2], "list.pth")
        save({}, "nothing.pth")
        save({0: torch.ones(1)}, "number.pth")
        save({**weights, "steps": torch.tensor(3)}, "steps.pth")
        save({name: value.double() * 1e300 for name, value in weights.items()}, "large.pth")
        whole = open("good.pth", "rb").read()
        open("cut.pth", "wb").write(whole[:len(whole) // 2])
        flipped = bytearray(whole)
        flipped[whole.index(weights["main.fc.weight"].numpy().tobytes()) + 7] ^= 0x40
        open("flipped.pth", "wb").write(flipped)
        older = open("older.pth", "rb").read()
        open("older-cut.pth", "wb").write(older[:len(older) // 2])
        open("empty.pth", "wb").close()
        open("text.pth", "w").write("hello\n")
        os.mkdir("folder.pth")
        """;

    /// <summary>Runs the program once for each line of arguments, in one process: PyTorch takes a second to load.</summary>
    private const string Driver = """
        import contextlib, io, json, runpy, sys
        program, lines = sys.argv[1], json.loads(sys.argv[2])
        results = []
        for words in lines:
            sys.argv = [program, *words]
            out, err, status = io.StringIO(), io.StringIO(), 0
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                try:
                    runpy.run_path(program, run_name="__main__")
                except SystemExit as end:
                    status = end.code if isinstance(end.code, int) else 1
                    if isinstance(end.code, str):
                        print(end.code, file=sys.stderr)
            results.append({"Status": status, "Output": out.getvalue(), "Error": err.getvalue()})
        print(json.dumps(results))
        """;

    private static readonly Dictionary<string, string> Refusals = new()
    {
        ["two"] = "holds 2 state dicts under the keys a, b; one is needed",
        ["numpy"] = "holds numpy arrays; needed is a state dict of tensors",
        ["module"] = "holds a pickled torch.nn.modules.linear.Linear and not a state dict; save model.state_dict()",
        ["other"] = "no weights of a bottleneck diffusion model or its critics; there are weight, bias",
        ["list"] = "holds a list and not a state dict",
        ["nothing"] = "holds no tensors; there is nothing",
        ["number"] = "holds a tensor under the key 0; needed are names",
        ["steps"] = "not floating-point: steps (--skip-others leaves them out)",
        ["large"] = "main.fc.weight[0, 1] is inf; allowed is a number that is finite as float32",
        ["cut"] = "cut short or broken: the list of its contents is not at its end",
        ["flipped"] = "damaged: ",
        ["older-cut"] = "cut short or broken: ",
        ["empty"] = "the file is empty",
        ["text"] = "not a file that torch.save wrote",
        ["folder"] = "is no file",
        ["none"] = "there is no such file",
    };

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [OptionalFact(OptionalNeeds.PyTorch)]
    public void Checkpoints_are_turned_or_refused_in_one_line()
    {
        var made = Python("-c", Checkpoints);
        Assert.True(made.Status == 0, made.Error);
        var refused = Convert([.. Refusals.Keys.Select(name => (string[])[$"{name}.pth", $"out-{name}.safetensors"])]);
        foreach (var ((name, reason), result) in Refusals.Zip(refused))
        {
            Assert.Equal((1, string.Empty), (result.Status, result.Output));
            Assert.StartsWith($"{name}.pth: {reason}", Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
            Assert.False(File.Exists(_folder.At($"out-{name}.safetensors")));
        }

        float[] weights = [.. Enumerable.Range(0, 16).Select(i => i / 7f)];
        var turned = Convert(
            ["good.pth", "good.safetensors"],
            ["older.pth", "older.safetensors"],
            ["nested.pth", "nested.safetensors"],
            ["brain.pth", "brain.safetensors"],
            ["steps.pth", "steps.safetensors", "--skip-others"],
            ["good.safetensors", "back.pth"],
            ["back.pth", "again.safetensors"],
            ["good.pth", "steps.safetensors"],
            ["good.pth", "missing/out.safetensors"]);
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 2, 1], turned.Select(result => result.Status));
        Assert.Equal("missing/out.safetensors: No such file or directory\n", turned[^1].Error);
        foreach (string name in (string[])["good", "older", "nested", "steps"])
            Assert.Equal(weights, Safetensors.Read(_folder.At($"{name}.safetensors")).Tensors.Single(tensor => tensor.Name == "main.fc.weight").Values);
        Assert.Equal(File.ReadAllBytes(_folder.At("good.safetensors")), File.ReadAllBytes(_folder.At("again.safetensors")));
        // No unfinished file is left behind.
        Assert.DoesNotContain(Directory.GetFiles(_folder.Path), file => Path.GetExtension(file) is not (".pth" or ".safetensors"));
    }

    [OptionalFact(OptionalNeeds.PyTorch)]
    public void Broken_safetensors_are_refused_in_one_line()
    {
        Safetensors.Write(_folder.At("good.safetensors"), [new("main.fc.weight", [2], [1, 2])]);
        byte[] whole = File.ReadAllBytes(_folder.At("good.safetensors"));
        int[] lengths = [0, 5, 20, whole.Length - 1];
        foreach (int length in lengths)
            File.WriteAllBytes(_folder.At($"cut{length}.safetensors"), whole[..length]);
        var results = Convert([.. lengths.Select(length => (string[])[$"cut{length}.safetensors", "out.pth"])]);
        Assert.All(lengths.Zip(results), pair =>
        {
            Assert.Equal(1, pair.Second.Status);
            Assert.StartsWith($"cut{pair.First}.safetensors: ", Assert.Single(pair.Second.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        });
    }

    private Result[] Convert(params string[][] lines)
    {
        var run = Python("-c", Driver, Path.Combine(SourceTree.RequireRoot(), "docs", "convert_pth.py"), JsonSerializer.Serialize(lines));
        Assert.True(run.Status == 0, run.Error);
        return JsonSerializer.Deserialize<Result[]>(run.Output)!;
    }

    private Result Python(params string[] words)
    {
        using var process = Process.Start(new ProcessStartInfo(OptionalNeeds.PythonWithTorch!, words)
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Result(process.ExitCode, output, error.Result);
    }

    private sealed record Result(int Status, string Output, string Error);
}

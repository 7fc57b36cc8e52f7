namespace EDA.Tests.Host;

/// <summary>The tests that look at the one smoke run.</summary>
[CollectionDefinition(nameof(SmokeRun))]
public sealed class SmokeRunCollection : ICollectionFixture<SmokeRun>;

/// <summary>One smoke run of a bandit by the command line, looked at by many tests.</summary>
public sealed class SmokeRun : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public SmokeRun()
    {
        Folder = _scratch.At("run");
        Result = EdaProcess.Run(_scratch.Path, "run", "bandit-8gaussians", "--budget", "smoke", "--seed", "5", "--set", "labelScale=2", "--out", Folder);
    }

    public string Scratch => _scratch.Path;

    public string Folder { get; }

    internal EdaResult Result { get; }

    public string At(params string[] parts) => Path.Combine([Folder, .. parts]);

    public void Dispose() => _scratch.Dispose();
}

using System.Text.Json;
using EDA.Tests.Host;

namespace EDA.Tests.Bench;

/// <summary>The tests that look at the one profile.</summary>
[CollectionDefinition(nameof(SoftwareProfile))]
public sealed class SoftwareProfileCollection : ICollectionFixture<SoftwareProfile>;

/// <summary>One profile of a recipe on the stand-in, looked at by many tests.</summary>
public sealed class SoftwareProfile : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public SoftwareProfile()
    {
        Folder = _scratch.At("profile");
        Result = BenchProcess.RunWithStandIn(_scratch.Path, "profile", "bandit-moons", "--device", "software", "--small", "--steps", "2", "--set", "points=64", "--set", "behavior.batch=9", "--out", Folder);
    }

    public string Scratch => _scratch.Path;

    public string Folder { get; }

    internal EdaResult Result { get; }

    public string At(string file) => Path.Combine(Folder, file);

    public JsonElement Document(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(At(file)));
        return document.RootElement.Clone();
    }

    public void Dispose() => _scratch.Dispose();
}

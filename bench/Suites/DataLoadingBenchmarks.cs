using BenchmarkDotNet.Attributes;
using EDA.Engine.Data;
using EDA.Engine.Data.Hdf5;

namespace EDA.Bench.Suites;

/// <summary>Reading datasets of 17 state and 6 action variables, checks and checksum included, from the system's cache.</summary>
[MemoryDiagnoser]
public class DataLoadingBenchmarks
{
    private DirectoryInfo? _folder;
    private string _path = string.Empty;

    /// <summary>The formats: HDF5 where its library is there.</summary>
    public IEnumerable<string> Formats => Hdf5File.Library.IsFound ? ["hdf5", "npz", "csv"] : ["npz", "csv"];

    /// <summary>The file's format.</summary>
    [ParamsSource(nameof(Formats))]
    public string Format { get; set; } = string.Empty;

    /// <summary>The rows of the dataset.</summary>
    [Params(10_000, 100_000, 1_000_000)]
    public int Rows { get; set; }

    /// <summary>Writes the file.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _folder = Directory.CreateTempSubdirectory("eda-suite-");
        _path = Path.Combine(_folder.FullName, "random." + Format);
        DatasetFile.Write(RandomDataset.Create(Rows, 17, 6), _path);
    }

    /// <summary>Deletes it.</summary>
    [GlobalCleanup]
    public void Cleanup() => _folder?.Delete(recursive: true);

    /// <summary>From file to dataset.</summary>
    /// <returns>The rows.</returns>
    [Benchmark]
    public int Load() => OfflineDataset.Load(_path).Count;

    /// <summary>From file to the list of transitions that training sees.</summary>
    /// <returns>The transitions.</returns>
    [Benchmark]
    public int View() => new QLearningView(OfflineDataset.Load(_path)).Count;
}

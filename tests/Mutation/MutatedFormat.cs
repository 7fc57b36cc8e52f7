using static EDA.Tests.Mutation.ByteMutation;

namespace EDA.Tests.Mutation;

/// <summary>
/// A format of files that something here reads: small whole files of it, how they are changed, and the doors that a
/// changed one goes through.
/// </summary>
internal abstract class MutatedFormat : IDisposable
{
    private readonly Lazy<IReadOnlyList<byte[]>> _seeds;

    protected MutatedFormat() => _seeds = new Lazy<IReadOnlyList<byte[]>>(() => MakeSeeds(Scratch.Path));

    /// <summary>The formats by their names.</summary>
    public static IReadOnlyDictionary<string, Func<MutatedFormat>> All { get; } = new Dictionary<string, Func<MutatedFormat>>
    {
        ["hdf5"] = () => new Hdf5Format(),
        ["minari"] = () => new MinariFormat(),
        ["npz"] = () => new NpzFormat(),
        ["csv"] = () => new CsvFormat(),
        ["points"] = () => new PointsFormat(),
        ["weights"] = () => new WeightsFormat(),
        ["critic"] = () => new CriticFormat(),
        ["state"] = () => new StateFormat(),
        ["labels"] = () => new LabelsFormat(),
        ["samples"] = () => new ActionSamplesFormat(),
        ["rows"] = () => new RowsFormat(),
        ["rows-progress"] = () => new RowsProgressFormat(),
        ["config"] = () => new ConfigFormat(),
        ["metrics"] = () => new MetricsFormat(),
        ["events"] = () => new EventsFormat(),
        ["checksum"] = () => new ChecksumFormat(),
        ["episodes"] = () => new EpisodesFormat(),
        ["folder"] = () => new FolderFormat(),
        ["faulty"] = () => new FaultyFormat(),
    };

    /// <summary>A file's name.</summary>
    public abstract string FileName { get; }

    /// <summary>How many times as long a file takes as one of the others.</summary>
    public virtual int Cost => 1;

    /// <summary>What a file may allocate, beside a few times its size.</summary>
    public virtual long Allowance => 32 << 20;

    /// <summary>The files that nothing was done to.</summary>
    public IReadOnlyList<byte[]> Seeds => _seeds.Value;

    /// <summary>A folder of its own.</summary>
    protected Host.ScratchFolder Scratch { get; } = new();

    /// <summary>Whether words are changed rather than bytes.</summary>
    protected virtual bool IsText => false;

    /// <summary>The file of one number.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="index">The number.</param>
    /// <returns>Its bytes.</returns>
    public byte[] File(int seed, int index)
    {
        var random = new Random(HashCode(seed, index));
        byte[] bytes = _seeds.Value[random.Next(_seeds.Value.Count)];
        int changes = 1;
        while (changes < 5 && random.Next(3) == 0)
            changes++;
        for (; changes > 0; changes--)
        {
            bytes = random.Next(20) == 0
                ? Splice(random, bytes, _seeds.Value[random.Next(_seeds.Value.Count)])
                : Change(random, bytes);
        }

        return bytes;
    }

    /// <summary>Reads a file as users have it read: ends, or throws what the program shows as one line.</summary>
    /// <param name="path">The file.</param>
    public abstract void Read(string path);

    public virtual void Dispose() => Scratch.Dispose();

    /// <summary>Small whole files, the same each time.</summary>
    /// <param name="folder">An empty folder.</param>
    protected abstract IReadOnlyList<byte[]> MakeSeeds(string folder);

    /// <summary>One change.</summary>
    protected virtual byte[] Change(Random random, byte[] bytes) =>
        IsText && random.Next(4) > 0 ? TextMutation.Apply(random, bytes) : ByteMutation.Apply(random, bytes, new Places(Structure(bytes)));

    /// <summary>Where a file's lengths, counts, addresses and names stand.</summary>
    protected virtual IReadOnlyList<(int First, int Count)> Structure(byte[] bytes) => [(0, Math.Min(bytes.Length, 256))];

    /// <summary>The bytes that some writer leaves in a file.</summary>
    protected byte[] Written(string name, Action<string> write)
    {
        string path = Scratch.At(name);
        write(path);
        byte[] bytes = System.IO.File.ReadAllBytes(path);
        System.IO.File.Delete(path);
        return bytes;
    }

    // Not the runtime's, which differs from process to process.
    private int HashCode(int seed, int index)
    {
        uint hash = 2166136261;
        foreach (char letter in FormattableString.Invariant($"{GetType().Name} {seed} {index}"))
            hash = (hash ^ letter) * 16777619;
        return (int)hash;
    }
}

using EDA.Engine;

namespace EDA.Tests.Mutation;

/// <summary>A reader that is wrong in every way that the driver must see, each at a file of its own.</summary>
internal sealed unsafe class FaultyFormat : MutatedFormat
{
    /// <summary>What each number of a file comes to.</summary>
    public static IReadOnlyDictionary<int, string> Faults { get; } = new Dictionary<int, string>
    {
        [3] = "died",
        [7] = "hung",
        [11] = "allocated",
        [13] = "KeyNotFoundException",
        [17] = "more than a line",
        [19] = "does not name the file",
        [23] = "memory",
    };

    private int _index = -1;

    public override string FileName => "case.faulty";

    /// <summary>Says which file comes next.</summary>
    public void Next(int index) => _index = index;

    public override void Read(string path)
    {
        switch (_index)
        {
            case 3:
                *(int*)4096 = 1;
                break;
            case 7:
                Thread.Sleep(Timeout.Infinite);
                break;
            case 11:
                GC.KeepAlive(new byte[100 << 20]);
                break;
            case 13:
                throw new KeyNotFoundException("no such key");
            case 17:
                throw new InvalidSettingException(path, "broken", "a\nfile");
            case 19:
                throw new InvalidFileException("elsewhere", "is broken");
            case 23:
                System.Runtime.InteropServices.NativeMemory.Fill(System.Runtime.InteropServices.NativeMemory.Alloc(1 << 30), 1 << 30, 1);
                Thread.Sleep(TimeSpan.FromSeconds(1));
                break;
            case var odd when odd % 2 == 1:
                throw new InvalidFileException(path, "is refused");
        }
    }

    protected override IReadOnlyList<byte[]> MakeSeeds(string folder) => [[1, 2, 3, 4]];
}

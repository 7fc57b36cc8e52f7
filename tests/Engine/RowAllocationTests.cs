using EDA.Engine.Alignment;
using EDA.Engine.Data;
using EDA.Kernels;
using EDA.Tests.Golden;
using EDA.Tests.Kernels;

namespace EDA.Tests.Engine;

/// <summary>A batch allocates nothing, wherever its rows come from.</summary>
[Collection(nameof(AllocationTests))]
public sealed class RowAllocationTests
{
    public static TheoryData<string, string> Places => TestDevices.OwnWith(["the device", "files"]);

    [Theory]
    [MemberData(nameof(Places))]
    public void A_batch_allocates_nothing(string deviceName, string place)
    {
        const int count = 40, k = 3, a = 2, s = 3;
        var folder = Directory.CreateTempSubdirectory("eda-rows-");
        try
        {
            using var device = TestDevices.Create(deviceName);
            using var candidates = RowStore.OpenFile(Path.Combine(folder.FullName, "a.npy"), new Dictionary<string, string>(), count, k, a);
            using var labels = RowStore.OpenFile(Path.Combine(folder.FullName, "q.npy"), new Dictionary<string, string>(), count, k);
            candidates.Append(Numbers(count * k * a));
            labels.Append(Numbers(count * k));
            using var batches = AlignmentBatches.OfStores(device, Numbers(count * s), s, candidates, labels, new RowMemory(new() { Resident = place == "files" ? 0 : 1 }));
            uint step = 0;
            AllocationTests.AssertQuiet(device, () => batches.Next(16, new RandomDraw(1, RandomStage.Alignment, step++)), place);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static float[] Numbers(int count) => FormulaNumbers.Fill(count, i => FormulaNumbers.Uniform(70, i));
}

using EDA.Kernels;
using EDA.Kernels.Cpu;
using EDA.Kernels.Gpu;
using EDA.Tests.Software;

namespace EDA.Tests.Kernels;

public class DeviceArrayTests
{
    public static TheoryData<string> Names => TestDevices.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void A_new_array_is_zero(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var numbers = device.Allocate<float>(1037);
        using var indices = device.Allocate<int>(5);
        using var nothing = device.Allocate<float>(0);
        Assert.Equal(new float[1037], numbers.ToArray());
        Assert.Equal(new int[5], indices.ToArray());
        Assert.Empty(nothing.ToArray());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Parts_can_be_written_and_read(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var array = device.Allocate<int>(6);
        array.CopyFrom([1, 2, 3], 2);
        array.CopyFrom([9], 5);
        array.CopyFrom([], 6);
        var part = new int[3];
        array.CopyTo(part, 3);
        Assert.Equal([2, 3, 9], part);
        Assert.Equal([0, 0, 1, 2, 3, 9], array.ToArray());
        Assert.Equal(6, array.Length);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_part_is_the_same_memory(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var whole = device.UploadEach<float>([[0, 1, 2], [], [3, 4, 5, 6]]);
        var part = whole.Slice(1, 5);
        var partOfPart = part.Slice(2, 3);
        Assert.Equal(5, part.Length);
        Assert.Equal([3f, 4, 5], partOfPart.ToArray());
        partOfPart.CopyFrom([-4], 1);
        whole.CopyFrom([-2], 2);
        Assert.Equal([1f, -2, 3, -4, 5], part.ToArray());

        // Operations take it as they take an array.
        using var source = device.Upload<float>([10, 20]);
        using var both = device.Upload<int>([1, 0]);
        var place = part.Slice(3, 2);
        device.Vector.Gather(new() { Source = source, Width = 1, Indices = both, Count = 2, Destination = place });
        device.Vector.PolyakAverage(new() { Target = part.Slice(0, 1), Source = whole.Slice(6, 1), Rate = 1 });
        device.Synchronize();
        Assert.Equal([0f, 6, -2, 3, 20, 10, 6], whole.ToArray());
        Assert.Throws<ArgumentException>(() => device.Vector.Gather(new()
        {
            Source = source,
            Width = 1,
            Indices = both,
            Count = 2,
            Destination = part.Slice(4, 1),
        }));
        foreach ((long offset, long length) in new[] { (-1L, 2L), (0L, 6L), (5L, 1L), (1L, -1L), (1L, long.MaxValue) })
            Assert.Throws<ArgumentOutOfRangeException>(() => part.Slice(offset, length));
        Assert.Throws<ArgumentOutOfRangeException>(() => part.CopyFrom([1, 2], 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => part.CopyTo(new float[1], 5));

        // It owns nothing, and goes with the whole.
        partOfPart.Dispose();
        Assert.Equal(3f, part.ToArray()[2]);
        whole.Dispose();
        Assert.Throws<ObjectDisposedException>(part.ToArray);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Copies_beyond_the_array_are_refused(string deviceName)
    {
        using var device = TestDevices.Create(deviceName);
        using var array = device.Allocate<float>(4);
        foreach ((int count, long offset) in new[] { (5, 0L), (1, 4L), (2, 3L), (1, -1L), (0, 5L), (1, long.MaxValue) })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => array.CopyFrom(new float[count], offset));
            Assert.Throws<ArgumentOutOfRangeException>(() => array.CopyTo(new float[count], offset));
        }

        Assert.Equal(new float[4], array.ToArray());
    }

    [Fact]
    public unsafe void Another_library_can_work_in_the_CPUs_memory()
    {
        using var cpu = new CpuDevice();
        using var array = cpu.Upload<float>([1, 2, 3, 4]);
        nint address = CpuMemory.Address(array, 4);
        Assert.True(CpuMemory.Holds(array));
        if (Environment.GetEnvironmentVariable(CpuOptions.GuardVariable) != "exact")
            Assert.Equal(0, address % 64);
        ((float*)address)[2] = -3;
        Assert.Equal([1, 2, -3, 4], array.ToArray());
        Assert.Equal(address + (2 * sizeof(float)), CpuMemory.Address(array.Slice(2, 2), 2));
        Assert.Throws<ArgumentException>(() => CpuMemory.Address(array, 5));
        array.Dispose();
        Assert.Throws<ObjectDisposedException>(() => CpuMemory.Address(array, 1));
        using var software = new GpuDevice(new SoftwareBackend());
        using var other = software.Allocate<float>(4);
        Assert.False(CpuMemory.Holds(other));
        Assert.Throws<ArgumentException>(() => CpuMemory.Address(other, 4));
    }
}
